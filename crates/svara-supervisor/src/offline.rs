//! The commands that need no supervisor: `check` and `import`.

use std::path::Path;

use svara_supervisor::{
    check::findings,
    config::{Config, ConfigError, Variables, load, parse},
};

use crate::{
    exit_code::{BAD_CONFIGURATION, NOT_READY},
    out::put,
};

pub(crate) fn environment() -> Variables {
    // The file can't refer to variables that aren't Unicode.
    let unicode = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Variables::new(unicode)
}

/// Reads a file; tells what is wrong with it.
pub(crate) fn read(file: &Path) -> Result<Config, u8> {
    load(file, &environment()).map_err(|error| {
        warn!("{}", error.describe(file));
        BAD_CONFIGURATION
    })
}

/// Tells everything that is wrong with a file, and what this machine lacks.
pub(crate) fn check(file: &Path, strict: bool) -> u8 {
    match read(file) {
        Ok(config) => {
            let findings = findings(&config);
            for finding in &findings {
                let included = finding.place.as_ref().and_then(|place| place.file.as_deref());
                warn!("{}: warning: {finding}", included.unwrap_or(file).display());
            }
            let names: Vec<_> = config.programs.iter().map(|spec| spec.name.as_str()).collect();
            say!("{}: valid; start order: {}", file.display(), names.join(", "));
            for name in &config.disabled {
                say!("{name}: disabled by `enabled`");
            }
            u8::from(strict && !findings.is_empty())
        }
        Err(code) => code,
    }
}

/// Translates a supervisord.conf; the result is checked as any other.
pub(crate) fn import(file: &Path, output: Option<&Path>) -> u8 {
    let is_set = |name: &str| std::env::var_os(name).is_some();
    let imported = match svara_supervisor::import::import(file, &is_set) {
        Ok(imported) => imported,
        Err(error) => {
            warn!("{}: {error}", file.display());
            return NOT_READY;
        }
    };
    for note in &imported.notes {
        warn!("{note}");
    }
    let written = match output {
        Some(path) => std::fs::write(path, &imported.text),
        None => {
            put(imported.text.as_bytes());
            Ok(())
        }
    };
    let name = output.unwrap_or(Path::new("the result"));
    if let Err(error) = written {
        warn!("{}: {error}", name.display());
        return NOT_READY;
    }
    let error = match parse(&imported.text, &environment()) {
        Ok(_) => return 0,
        // Accounts are those of the machine where it will run.
        Err(ConfigError::Faults(faults)) => {
            let faults: Vec<_> =
                faults.into_iter().filter(|fault| !imported.accounts.contains(&fault.key)).collect();
            if faults.is_empty() {
                return 0;
            }
            ConfigError::Faults(faults)
        }
        Err(error) => error,
    };
    warn!("{}", error.describe(name));
    BAD_CONFIGURATION
}
