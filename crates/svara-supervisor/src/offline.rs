//! The commands that need no supervisor: `check` and `import`.

use std::{
    io::{self, Write},
    path::Path,
};

use svara_supervisor::{
    check::findings,
    config::{Config, Variables, load, parse},
};

use crate::cli::{BAD_CONFIGURATION, File, NOT_READY};

pub(crate) fn environment() -> Variables {
    // The file can't refer to variables that aren't Unicode.
    let unicode = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Variables::new(unicode)
}

/// Reads a file; tells what is wrong with it.
pub(crate) fn read(file: &File) -> Result<Config, u8> {
    load(&file.config, &environment()).map_err(|error| {
        eprintln!("{}", error.describe(&file.config));
        BAD_CONFIGURATION
    })
}

/// Tells everything that is wrong with a file, and what this machine lacks.
pub(crate) fn check(file: &File, strict: bool) -> u8 {
    match read(file) {
        Ok(config) => {
            let findings = findings(&config);
            for finding in &findings {
                let included = finding.place.as_ref().and_then(|place| place.file.as_deref());
                eprintln!("{}: warning: {finding}", included.unwrap_or(&file.config).display());
            }
            let names: Vec<_> = config.programs.iter().map(|spec| spec.name.as_str()).collect();
            println!("{}: valid; start order: {}", file.config.display(), names.join(", "));
            for name in &config.disabled {
                println!("{name}: disabled by `enabled`");
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
            eprintln!("{}: {error}", file.display());
            return NOT_READY;
        }
    };
    for note in &imported.notes {
        eprintln!("{note}");
    }
    let written = match output {
        Some(path) => std::fs::write(path, &imported.text),
        None => io::stdout().write_all(imported.text.as_bytes()),
    };
    let name = output.unwrap_or(Path::new("the result"));
    if let Err(error) = written {
        eprintln!("{}: {error}", name.display());
        return NOT_READY;
    }
    match parse(&imported.text, &environment()) {
        Ok(_) => 0,
        Err(error) => {
            eprintln!("{}", error.describe(name));
            BAD_CONFIGURATION
        }
    }
}
