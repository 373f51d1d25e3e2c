//! Groups of routes: what each asks of its callers, and how it spells its refusals.

use axum::Router;
use svara_config::OpenGroup;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{error::Spelling, state::AppState};

/// What a group asks of its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A key, unless the configuration opens this group. Only what reads can be open.
    Open(OpenGroup),
    /// A key.
    Key,
    /// A key, which a WebSocket may also have in its address.
    KeyInAddress,
    /// The same, or in the first message of the WebSocket; the handler asks for it.
    KeyInMessage,
}

/// Under which heading of the document a group stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// Speech while the client waits.
    Speech,
    /// Speech in the background.
    Jobs,
    /// The voices.
    Voices,
    /// Pronunciation dictionaries.
    Dictionaries,
    /// The model.
    Models,
    /// Probes and metrics.
    Operations,
    /// Pages for browsers.
    Pages,
}

impl Tag {
    /// All, in the document's order.
    pub const ALL: [Self; 7] = [
        Self::Speech,
        Self::Jobs,
        Self::Voices,
        Self::Dictionaries,
        Self::Models,
        Self::Operations,
        Self::Pages,
    ];

    /// Its name in the document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Speech => "speech",
            Self::Jobs => "jobs",
            Self::Voices => "voices",
            Self::Dictionaries => "dictionaries",
            Self::Models => "models",
            Self::Operations => "operations",
            Self::Pages => "pages",
        }
    }

    /// What its operations are for.
    pub fn description(self) -> &'static str {
        match self {
            Self::Speech => "Text to speech while the client waits.",
            Self::Jobs => "Text to speech in the background: long texts and batches.",
            Self::Voices => "The voices, and making new ones from recordings.",
            Self::Dictionaries => "What is said for certain words.",
            Self::Models => "The model that this server runs.",
            Self::Operations => "Probes and metrics for operators.",
            Self::Pages => "Pages for browsers.",
        }
    }
}

/// Routes that share their access, their spelling and their heading in the document. A router without them doesn't
/// become part of the server.
pub struct Routes {
    /// What the group asks of its callers.
    pub access: Access,
    /// How it spells refusals.
    pub spelling: Spelling,
    /// Its heading in the document.
    pub tag: Tag,
    /// Whether requests are still answered while the server drains.
    pub while_draining: bool,
    router: OpenApiRouter<AppState>,
}

impl Routes {
    /// Routes that need no key where the configuration opens `group`.
    pub fn open(tag: Tag, group: OpenGroup, spelling: Spelling, router: OpenApiRouter<AppState>) -> Self {
        Self { access: Access::Open(group), spelling, tag, while_draining: false, router }
    }

    /// Routes that need a key.
    pub fn keyed(tag: Tag, spelling: Spelling, router: OpenApiRouter<AppState>) -> Self {
        Self { access: Access::Key, spelling, tag, while_draining: false, router }
    }

    /// WebSockets whose clients may have the key in the address, because browsers can't set headers there.
    pub fn key_in_address(tag: Tag, spelling: Spelling, router: OpenApiRouter<AppState>) -> Self {
        Self { access: Access::KeyInAddress, spelling, tag, while_draining: false, router }
    }

    /// WebSockets whose clients may send the key in the first message.
    pub fn key_in_message(tag: Tag, spelling: Spelling, router: OpenApiRouter<AppState>) -> Self {
        Self { access: Access::KeyInMessage, spelling, tag, while_draining: false, router }
    }

    /// The same, answered while the server drains, too.
    pub fn while_draining(self) -> Self {
        Self { while_draining: true, ..self }
    }

    /// The paths and schemas of these routes.
    pub fn document(&self) -> &OpenApi {
        self.router.get_openapi()
    }

    /// The routes alone.
    pub fn into_router(self) -> Router<AppState> {
        self.router.into()
    }
}
