//! The command of a program and its user.

use super::{Import, ini::Entry, output::list, work::Work};

/// What becomes of programs that put themselves into the background.
pub(super) const DAEMON: &str =
    "what it leaves running when it ends is ended, too; let a daemon stay in the foreground";

impl Import<'_> {
    pub(super) fn command(&mut self, entry: &Entry, work: &mut Work<'_>) -> Result<(), String> {
        // A line break separates words, unless quotes keep it for a shell.
        let words = shlex::split(&entry.value).ok_or("a quote isn't closed")?;
        let mut command = Vec::new();
        let mut more = Vec::new();
        for word in &words {
            let said = self.said(work, &Entry { value: word.clone(), ..entry.clone() }, "");
            // A variable alone may be several words.
            let is_variable =
                word.starts_with("%(ENV_") && word.ends_with(")s") && word.matches("%(").count() == 1;
            if (is_variable && !command.is_empty()) || !more.is_empty() {
                let quoted = shlex::try_quote(&said).map_err(|_| "a zero byte; left out")?.into_owned();
                more.push(if is_variable { said } else { quoted });
            } else {
                command.push(said);
            }
        }
        if starts_a_service(&words) {
            self.note(entry, &work.section.name, DAEMON);
        }
        if words.first().is_some_and(|word| word.ends_with("pidproxy")) {
            let message = "pidproxy comes with supervisord; let the program stay in the foreground";
            self.note(entry, &work.section.name, message);
        }
        if !command.is_empty() {
            work.table.raw("command", list(&command));
        }
        if !more.is_empty() {
            work.table.text("extra_args", &more.join(" "));
        }
        Ok(())
    }

    pub(super) fn user(&mut self, entry: &Entry, work: &mut Work<'_>) -> Result<(), String> {
        let user = self.said(work, entry, "");
        let is_there = user.parse::<u32>().is_ok()
            || user.contains("${")
            || nix::unistd::User::from_name(&user).ok().flatten().is_some();
        work.table.text("user", &user);
        self.accounts.push(format!("program.{}.user", self.word(work.name)));
        // As supervisord, which doesn't start then: without its user, the program would run as ours, with its rights.
        match is_there {
            true => Ok(()),
            false => Err(format!("there is no user `{user}` here; `check` and `run` want one")),
        }
    }
}

/// `service NAME start` or `/etc/init.d/NAME start`.
fn starts_a_service(words: &[String]) -> bool {
    let [first, .., last] = words else { return false };
    last == "start" && (first.rsplit('/').next() == Some("service") || first.starts_with("/etc/init.d/"))
}
