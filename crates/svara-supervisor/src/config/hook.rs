//! Resolves a `[[hook]]` table.

use std::time::Duration;

use super::{
    field::{Fields, SHORTEST},
    file,
    resolve::no_program,
    types::{HookAction, HookSpec},
};
use crate::events::Kind;

pub(super) fn hook(number: usize, hook: &file::Hook, file: &file::File, fields: &mut Fields<'_>) -> HookSpec {
    let mut fields = fields.below(&format!("hook[{number}]"));
    let events = || {
        let names: Vec<&str> =
            Kind::ALL.iter().filter(|kind| kind.runs_hooks()).map(|kind| kind.name()).collect();
        names.join(", ")
    };
    if hook.on.is_empty() {
        fields.fault("on", format!("must name at least one event; events are: {}", events()));
    }
    for name in &hook.on {
        match Kind::ALL.iter().find(|kind| kind.name() == name) {
            None => fields.fault("on", format!("there is no event `{name}`; events are: {}", events())),
            Some(kind) if !kind.runs_hooks() => {
                fields.fault("on", format!("`{name}` runs no hook; events that do: {}", events()));
            }
            Some(kind) if !kind.is_of_a_program() && !hook.programs.is_empty() => {
                let words = "is no program's event, so this hook never gets it; leave `programs` out, or write a hook of its own for it";
                fields.fault("on", format!("`{name}` {words}"));
            }
            Some(_) => {}
        }
    }
    for name in hook.programs.iter().filter(|name| !file.program.contains_key(*name)) {
        fields.fault("programs", no_program(name, file));
    }
    let action = match (&hook.command, &hook.webhook) {
        (Some(command), None) => HookAction::Command(fields.words("command", command)),
        (None, Some(url)) => HookAction::Webhook(fields.url("webhook", url)),
        _ => {
            fields.fault("command", "needs either command or webhook");
            HookAction::Command(Vec::new())
        }
    };
    let timeout = fields.duration_in(
        "timeout",
        hook.timeout.as_deref(),
        Duration::from_secs(10),
        SHORTEST..=Duration::from_secs(86_400),
    );
    HookSpec { on: hook.on.clone(), programs: hook.programs.clone(), action, timeout }
}
