//! Runs commands and webhooks on events.

use std::{cell::Cell, rc::Rc};

use tokio::sync::mpsc;

use crate::{
    config::{HookAction, HookSpec},
    events::{Event, Kind},
    probe::{Purpose, post_json},
    process::{Children, Launch},
};

/// Hooks running at once; further ones are refused and recorded as failed.
const MAX_IN_FLIGHT: usize = 8;

/// The hooks, and how many of them are running.
#[derive(Debug)]
pub(super) struct Hooks {
    specs: Vec<HookSpec>,
    children: Children,
    in_flight: Rc<Cell<usize>>,
    failures: mpsc::Sender<(Kind, String)>,
}

impl Hooks {
    /// Failures are sent to the channel as messages.
    pub(super) fn new(
        specs: Vec<HookSpec>,
        children: Children,
        failures: mpsc::Sender<(Kind, String)>,
    ) -> Self {
        Self { specs, children, in_flight: Rc::default(), failures }
    }

    /// Replaces the hooks after a reload.
    pub(super) fn replace(&mut self, specs: Vec<HookSpec>) {
        self.specs = specs;
    }

    /// Runs the hooks for this event. A hook's own failure runs none.
    pub(super) fn fire(&self, event: &Event) {
        if event.event == Kind::Hook {
            return;
        }
        for hook in self.specs.iter().filter(|hook| wants(hook, event)) {
            if self.in_flight.get() >= MAX_IN_FLIGHT {
                let message = format!("{}: {MAX_IN_FLIGHT} hooks are already running", event.event.name());
                // If the channel is full, such failures are already being reported.
                let _ = self.failures.try_send((Kind::Hook, message));
                continue;
            }
            self.in_flight.set(self.in_flight.get() + 1);
            let (hook, event, children) = (hook.clone(), event.clone(), self.children.clone());
            let (in_flight, failures) = (Rc::clone(&self.in_flight), self.failures.clone());
            tokio::task::spawn_local(async move {
                let done = run(&hook, &event, &children).await;
                in_flight.set(in_flight.get() - 1);
                if let Err(reason) = done {
                    let _ = failures.send((Kind::Hook, format!("{}: {reason}", event.event.name()))).await;
                }
            });
        }
    }
}

fn wants(hook: &HookSpec, event: &Event) -> bool {
    hook.on.iter().any(|name| name == event.event.name())
        && (hook.programs.is_empty()
            || event.program.as_ref().is_some_and(|program| hook.programs.contains(program)))
}

async fn run(hook: &HookSpec, event: &Event, children: &Children) -> Result<(), String> {
    let json = serde_json::to_string(event).map_err(|error| error.to_string())?;
    match &hook.action {
        HookAction::Command(command) => {
            let environment = [
                ("SVARA_EVENT".to_owned(), json),
                ("SVARA_EVENT_NAME".to_owned(), event.event.name().to_owned()),
                ("SVARA_EVENT_PROGRAM".to_owned(), event.program.clone().unwrap_or_default()),
            ];
            let launch = Launch { environment: &environment, ..Launch::helper(command) };
            let exit = children
                .run(launch, hook.timeout)
                .await
                .map_err(|e| format!("{}: {e}", command.join(" ")))?;
            if exit.code() == 0 { Ok(()) } else { Err(format!("{}: {exit}", command.join(" "))) }
        }
        HookAction::Webhook(uri) => {
            let answer = post_json(uri, json, hook.timeout, Purpose::Alert).await;
            let (status, _) = answer.map_err(|error| format!("{uri}: {error}"))?;
            if status.is_success() { Ok(()) } else { Err(format!("{uri}: status {}", status.as_u16())) }
        }
    }
}
