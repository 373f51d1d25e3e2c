//! The command that stops a program. It ends soon after the program: what comes next isn't what it is to stop.

use std::{rc::Rc, time::Duration};

use tokio::{sync::Notify, task::JoinHandle, time::timeout};

use super::{services::Services, unit::Unit};
use crate::{
    logs::{Origin, Pump},
    probe::{Finding, Found},
    process::{Launch, Output, Started},
};

/// It gets at least this long.
const LEAST_STOP: Duration = Duration::from_secs(1);

/// How long it may go on once there is nothing left to stop.
pub(super) const LAST_STEPS: Duration = Duration::from_secs(1);

/// How long reading what it has printed may take.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// A `stop_command` that was started.
#[derive(Debug)]
pub(super) struct Stopper {
    task: JoinHandle<()>,
    enough: Rc<Notify>,
}

impl Stopper {
    /// Whether it has ended, and all that it printed is read.
    pub(super) fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    /// Kills it.
    pub(super) fn end(&self) {
        self.enough.notify_one();
    }
}

impl Drop for Stopper {
    fn drop(&mut self) {
        // With its task, the command ends.
        self.task.abort();
    }
}

impl Unit {
    /// Asks the program to end; if that fails, it gets its stop signal. What the command prints joins the program's output.
    pub(super) fn run_stop_command(&mut self, services: &mut Services) {
        let spec = &self.member.spec;
        let (Some(process), Some(words)) = (&mut self.process, &spec.stop_command) else { return };
        let generation = self.member.machine.generation();
        let mut environment = spec.environment.clone();
        environment.push(("SVARA_PROGRAM_PID".to_owned(), process.family.leader().to_string()));
        let launch =
            Launch { environment: &environment, output: Output::Piped, ..Launch::about(spec, words) };
        let started = services.children.spawn(launch).map(|mut started| {
            let paths = [spec.stdout_log.as_ref(), spec.stderr_log.as_ref()];
            let origin = Origin::Program(spec.program.clone());
            let mark = Some("stop_command");
            let pumps = services.capture_marked(&mut started, &spec.name, &origin, paths, &self.tail, mark);
            (started, pumps)
        });
        let (program, limit) = (spec.name.clone(), spec.stop.grace.max(LEAST_STOP));
        let findings = services.findings.clone();
        let enough = Rc::new(Notify::new());
        let over = Rc::clone(&enough);
        let task = tokio::task::spawn_local(async move {
            let (why, pumps) = match started {
                Ok((started, pumps)) => (why_it_failed(started, limit, &over).await, pumps),
                Err(error) => (Some(format!("can't be run: {error}")), Vec::new()),
            };
            pumps.iter().for_each(Pump::end);
            if let Some(why) = why {
                let finding = Finding { program, generation, what: Found::StopFailed(why) };
                // Fails only if the supervisor is about to exit.
                let _ = findings.send(finding).await;
            }
            for mut pump in pumps {
                if timeout(LAST_WORDS, pump.done()).await.is_err() {
                    pump.abort();
                }
            }
        });
        process.stopper = Some(Stopper { task, enough });
    }
}

/// Waits for the command; returns why it failed.
async fn why_it_failed(started: Started, limit: Duration, enough: &Notify) -> Option<String> {
    let ended = tokio::select! {
        // Its waiter kills it when dropped, once it has begun to wait.
        biased;
        ended = started.within(limit) => ended,
        // Whatever it still does, there is nothing left to stop.
        () = enough.notified() => return None,
    };
    match ended {
        Ok(exit) if exit.code() == 0 => None,
        Ok(exit) => Some(exit.to_string()),
        Err(error) => Some(error.to_string()),
    }
}
