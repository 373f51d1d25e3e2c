//! What the guides tell people to type exists: scripts and their flags, our programs' commands and flags, compose files,
//! services and profiles, and variables.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

use svara_config::{Config, VARIABLES};
use svara_testkit::models::workspace;

const GUIDES: [&str; 4] = ["README.md", "DEPLOYMENT.md", "CONTRIBUTING.md", "docs/migrating-from-python.md"];

/// Named on purpose though they aren't here, and why.
const EXCEPTIONS: [(&str, &str); 1] = [("COMPOSE_PROJECT_NAME", "Compose's own")];

/// Commands in fenced shell blocks, with their line numbers; a line that ends in a backslash goes on.
fn shell_lines(text: &str) -> Vec<(usize, String)> {
    let (mut inside, mut lines, mut before) = (false, Vec::new(), String::new());
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.starts_with("```") {
            inside = !inside && line == "```sh";
        } else if inside && !line.starts_with('#') {
            match line.strip_suffix('\\') {
                Some(part) => before.push_str(part),
                None => lines.push((number, std::mem::take(&mut before) + line)),
            }
        }
    }
    lines
}

/// Commands in the text and tables: code that begins like one, of the new stack.
fn inline(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let new = if line.starts_with("| `") { line.splitn(3, '|').nth(2).unwrap_or_default() } else { line };
        for code in new.split('`').skip(1).step_by(2) {
            if ["docker compose ", "svara-server ", "scripts/", "./scripts/"]
                .iter()
                .any(|start| code.starts_with(start))
            {
                lines.push((number, code.to_owned()));
            }
        }
    }
    lines
}

struct Compose {
    services: BTreeSet<String>,
    profiles: BTreeSet<String>,
}

fn compose() -> Compose {
    let mut found = Compose { services: BTreeSet::new(), profiles: BTreeSet::new() };
    for file in ["docker-compose.yml", "docker/compose.split.yml"] {
        let text = fs::read_to_string(workspace().join(file)).unwrap();
        let services = text.split("\nservices:\n").nth(1).unwrap().split("\nvolumes:").next().unwrap();
        for line in services.lines() {
            if let Some(name) = line.strip_prefix("  ").filter(|line| !line.starts_with([' ', '#'])) {
                found.services.extend(name.strip_suffix(':').map(str::to_owned));
            }
            if let Some(list) = line.trim().strip_prefix("profiles: [") {
                found.profiles.extend(list.trim_end_matches(']').split(", ").map(str::to_owned));
            }
        }
    }
    found
}

/// All names of variables that something here reads.
fn variables() -> String {
    let mut text: String = VARIABLES.iter().map(|(name, ..)| format!("{name} ")).collect();
    for file in [
        ".env.example",
        "docker-compose.yml",
        "docker/compose.split.yml",
        "docker/compose.keys.yml",
        "docker/Dockerfile",
        "config/supervisor.toml",
        "config/server.toml",
    ] {
        text += &fs::read_to_string(workspace().join(file)).unwrap();
    }
    for script in fs::read_dir(workspace().join("scripts")).unwrap() {
        text += &fs::read_to_string(script.unwrap().path()).unwrap_or_default();
    }
    for (section, keys) in toml::Table::try_from(Config::default()).unwrap() {
        for key in keys.as_table().unwrap().keys() {
            text += &format!(" SVARA_{section}_{key} ").to_uppercase();
        }
    }
    text
}

fn help(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(env!("CARGO_BIN_EXE_svara-server")).args(arguments).arg("--help").output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// What is wrong with a command.
fn faults(
    line: &str,
    compose: &Compose,
    variables: &str,
    helps: &mut BTreeMap<String, Option<String>>,
) -> Vec<String> {
    let line = line.split(" # ").next().unwrap_or(line);
    let words: Vec<&str> =
        line.split_whitespace().map(|word| word.trim_matches(['"', '\'', '(', ')', ',', ';'])).collect();
    let excepted = |name: &str| EXCEPTIONS.iter().any(|(known, _)| *known == name);
    let mut faults = Vec::new();
    let mut script = None;
    for word in &words {
        let path = word.trim_start_matches("./");
        let ours = ["scripts/", "docker/", "config/", "deploy/", "tests/", ".ci/"]
            .iter()
            .any(|top| path.starts_with(top));
        if ours && !path.contains(['*', '$', '…']) && !excepted(path) && !workspace().join(path).exists() {
            faults.push(format!("{path} doesn't exist"));
        }
        if path.starts_with("scripts/") {
            script = Some(path.to_owned());
        } else if let (Some(script), true) = (&script, word.starts_with("--") && word.len() > 2) {
            let text = fs::read_to_string(workspace().join(script)).unwrap_or_default();
            let flag = word.split('=').next().unwrap();
            if !text.contains(flag) && !text.contains(flag.trim_start_matches('-')) {
                faults.push(format!("{script} has no {flag}"));
            }
        }
        let name =
            word.split_once('=').map_or_else(|| word.strip_prefix('$').unwrap_or(""), |(name, _)| name);
        let is_variable = name.len() > 3 && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        if is_variable && !excepted(name) && !variables.contains(name) {
            faults.push(format!("nothing reads {name}"));
        }
    }
    if let Some(start) = words.iter().position(|word| *word == "svara-server") {
        let rest = &words[start + 1..];
        let command = rest.first().filter(|word| {
            word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') && !word.starts_with('-')
        });
        let arguments: Vec<&str> = command.into_iter().copied().collect();
        let shown = helps.entry(arguments.join(" ")).or_insert_with(|| help(&arguments)).clone();
        match shown {
            None => faults.push(format!("svara-server has no command {arguments:?}")),
            Some(shown) => {
                for flag in rest.iter().filter(|word| word.starts_with("--") && word.len() > 2) {
                    if !shown.contains(flag.split('=').next().unwrap()) {
                        faults.push(format!("svara-server {arguments:?} has no {flag}"));
                    }
                }
            }
        }
    }
    if words.starts_with(&["docker", "compose"]) {
        for (flag, value) in words.iter().zip(words.iter().skip(1)) {
            if *flag == "-f"
                && !value.contains("override")
                && !excepted(value)
                && !workspace().join(value).exists()
            {
                faults.push(format!("{value} doesn't exist"));
            }
            if *flag == "--profile" && !compose.profiles.contains(*value) {
                faults.push(format!("there is no profile {value}"));
            }
            if *flag == "--scale" && !compose.services.contains(value.split('=').next().unwrap()) {
                faults.push(format!("there is no service {value}"));
            }
        }
        let verb = words
            .iter()
            .position(|word| ["up", "run", "exec", "build", "logs", "stop", "restart"].contains(word));
        let mut after = words[verb.map_or(words.len(), |verb| verb + 1)..].iter();
        while let Some(word) = after.next() {
            if ["-e", "--scale", "-v", "--entrypoint", "-u", "--user"].contains(word) {
                after.next();
            } else if !word.starts_with('-') {
                if !compose.services.contains(*word) && *word != "…" {
                    faults.push(format!("there is no service {word}"));
                }
                break;
            }
        }
    }
    faults
}

#[test]
fn what_the_guides_tell_to_type_exists() {
    let (compose, variables) = (compose(), variables());
    assert!(compose.services.len() > 5 && compose.profiles.contains("demo"), "{:?}", compose.services);
    let (mut wrong, mut helps, mut count) = (Vec::new(), BTreeMap::new(), 0);
    for guide in GUIDES {
        let text = fs::read_to_string(workspace().join(guide)).unwrap();
        for (number, line) in shell_lines(&text).into_iter().chain(inline(&text)) {
            count += 1;
            let faults = faults(&line, &compose, &variables, &mut helps);
            wrong.extend(faults.into_iter().map(|fault| format!("{guide}:{number}: {fault}: {line}")));
        }
    }
    assert!(count > 50, "{count}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_does_not_exist_is_found() {
    let (compose, variables) = (compose(), variables());
    for (line, words) in [
        ("./scripts/no_such.sh", "scripts/no_such.sh doesn't exist"),
        ("scripts/test.sh --slow-motion", "has no --slow-motion"),
        ("svara-server sing", "no command"),
        ("svara-server say --loud a", "has no --loud"),
        ("docker compose up -d nobody", "no service nobody"),
        ("docker compose --profile none up", "no profile none"),
        ("docker compose -f docker/none.yml up", "docker/none.yml doesn't exist"),
        ("SVARA_NO_SUCH=1 docker compose up", "nothing reads SVARA_NO_SUCH"),
    ] {
        let found = faults(line, &compose, &variables, &mut BTreeMap::new());
        assert!(found.iter().any(|fault| fault.contains(words)), "{line}: {found:?}");
    }
}
