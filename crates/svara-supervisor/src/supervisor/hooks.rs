//! Runs commands and webhooks on events. What can't run yet waits; equal events that wait become one, with their number.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use tokio::sync::{Notify, mpsc};

use crate::{
    config::{HookAction, HookSpec},
    events::{Event, Kind},
    probe::notify,
    process::{Children, Launch},
    uri::without_user,
};

/// Runs of one hook at once. A sink that hangs keeps no other hook waiting.
const MAX_RUNNING: usize = 4;

/// Longest event in a command's environment; the kernel allows 128 KiB for a variable.
const MAX_VARIABLE_BYTES: usize = 96 << 10;

/// The hooks, and what they have to do.
#[derive(Debug)]
pub(super) struct Hooks {
    hooks: Vec<Rc<Hook>>,
    office: Rc<Office>,
}

/// What the runs of all hooks share.
#[derive(Debug)]
struct Office {
    children: Children,
    failures: mpsc::Sender<(Kind, String)>,
    /// Events that wait or are being handed over.
    open: Cell<usize>,
    closed_one: Notify,
}

#[derive(Debug)]
struct Hook {
    spec: HookSpec,
    /// What a failure calls it.
    label: String,
    waiting: RefCell<VecDeque<Event>>,
    running: Cell<usize>,
}

impl Hooks {
    /// Failures are sent to the channel as messages.
    pub(super) fn new(
        specs: Vec<HookSpec>,
        children: Children,
        failures: mpsc::Sender<(Kind, String)>,
    ) -> Self {
        let office = Office { children, failures, open: Cell::new(0), closed_one: Notify::new() };
        let mut hooks = Self { hooks: Vec::new(), office: Rc::new(office) };
        hooks.replace(specs);
        hooks
    }

    /// Replaces the hooks after a reload. What the old ones have to do is still done.
    pub(super) fn replace(&mut self, specs: Vec<HookSpec>) {
        let labels = labels(&specs);
        let hook =
            |(spec, label)| Rc::new(Hook { spec, label, waiting: RefCell::default(), running: Cell::new(0) });
        self.hooks = specs.into_iter().zip(labels).map(hook).collect();
    }

    /// Runs the hooks for this event. A hook's own failure runs none.
    pub(super) fn fire(&self, event: &Event) {
        if !event.event.runs_hooks() {
            return;
        }
        for hook in self.hooks.iter().filter(|hook| wants(&hook.spec, event)) {
            if hook.admit(event) {
                self.office.open.set(self.office.open.get() + 1);
            }
            Rc::clone(hook).run_what_waits(&self.office);
        }
    }

    /// How many events aren't handed over yet.
    pub(super) fn open(&self) -> usize {
        self.office.open.get()
    }

    /// Resolves when one more has been.
    pub(super) fn closed_one(&self) -> impl Future<Output = ()> + use<> {
        let office = Rc::clone(&self.office);
        async move { office.closed_one.notified().await }
    }
}

impl Hook {
    /// Puts an event in the queue; false if it joins an equal one there. So the queue is no longer than there are kinds
    /// of events and programs.
    fn admit(&self, event: &Event) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        let same = |other: &&mut Event| other.event == event.event && other.program == event.program;
        match waiting.iter_mut().find(same) {
            Some(other) => {
                *other = Event { repeated: other.repeated + 1, ..event.clone() };
                false
            }
            None => {
                waiting.push_back(event.clone());
                true
            }
        }
    }

    fn run_what_waits(self: Rc<Self>, office: &Rc<Office>) {
        while self.running.get() < MAX_RUNNING {
            let Some(event) = self.waiting.borrow_mut().pop_front() else { return };
            self.running.set(self.running.get() + 1);
            let (hook, office) = (Rc::clone(&self), Rc::clone(office));
            tokio::task::spawn_local(async move {
                let done = hand_over(&hook.spec, &event, &office.children).await;
                hook.running.set(hook.running.get() - 1);
                office.open.set(office.open.get() - 1);
                office.closed_one.notify_one();
                if let Err(reason) = done {
                    // Fails only if the supervisor is about to exit.
                    let words = format!("{}: {}: {reason}", event.event.name(), hook.label);
                    let _ = office.failures.send((Kind::Hook, words)).await;
                }
                hook.run_what_waits(&office);
            });
        }
    }
}

/// What failures call each hook: its program file, or where its webhook leads. Arguments, users, paths and queries may hold
/// keys, and failures stand in logs. Those that would be called the same have their place in the file as well.
fn labels(specs: &[HookSpec]) -> Vec<String> {
    let base = |spec: &HookSpec| match &spec.action {
        HookAction::Command(command) => command.first().cloned().unwrap_or_default(),
        HookAction::Webhook(uri) => {
            let place = uri.authority().map(|authority| without_user(authority.as_str())).unwrap_or_default();
            format!("{}://{place}/", uri.scheme_str().unwrap_or_default())
        }
    };
    let bases: Vec<String> = specs.iter().map(base).collect();
    let label = |(number, base): (usize, &String)| {
        let is_alone = bases.iter().filter(|other| *other == base).count() == 1;
        if is_alone { base.clone() } else { format!("{base} (hook[{number}])") }
    };
    bases.iter().enumerate().map(label).collect()
}

fn wants(hook: &HookSpec, event: &Event) -> bool {
    hook.on.iter().any(|name| name == event.event.name())
        && (hook.programs.is_empty()
            || event.program.as_ref().is_some_and(|program| hook.programs.contains(program)))
}

async fn hand_over(hook: &HookSpec, event: &Event, children: &Children) -> Result<(), String> {
    match &hook.action {
        HookAction::Command(command) => {
            let environment = [
                ("SVARA_EVENT".to_owned(), short_json(event)?),
                ("SVARA_EVENT_NAME".to_owned(), event.event.name().to_owned()),
                ("SVARA_EVENT_PROGRAM".to_owned(), event.program.clone().unwrap_or_default()),
            ];
            let launch = Launch { environment: &environment, ..Launch::helper(command) };
            let exit = children.run(launch, hook.timeout).await.map_err(|error| error.to_string())?;
            if exit.code() == 0 { Ok(()) } else { Err(exit.to_string()) }
        }
        HookAction::Webhook(uri) => {
            let json = serde_json::to_string(event).map_err(|error| error.to_string())?;
            let answer = notify(uri, json, hook.timeout).await;
            let status = answer.map_err(|error| error.to_string())?;
            if status.is_success() { Ok(()) } else { Err(format!("status {}", status.as_u16())) }
        }
    }
}

/// The event as JSON that fits into a variable: without the oldest lines of output, if need be. Control characters take
/// six bytes each.
fn short_json(event: &Event) -> Result<String, String> {
    let mut event = event.clone();
    loop {
        let json = serde_json::to_string(&event).map_err(|error| error.to_string())?;
        if json.len() <= MAX_VARIABLE_BYTES || event.output.is_empty() {
            return Ok(json);
        }
        event.output.remove(0);
    }
}
