//! Runs the espeak-ng program.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use svara_audio::SampleRate;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::Command,
    time::timeout,
};

use crate::{
    source::{SourceError, excerpt},
    voice::gender::Gender,
};

/// The timeout of one piece. espeak-ng is about a hundred times faster than real time.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The most output read for one piece: two minutes of audio.
const MAX_WAV_BYTES: usize = 2 * 22_050 * 120;
/// Words per minute. The default of 175 is too fast for Indian languages.
const WORDS_PER_MINUTE: &str = "150";

/// The program and its languages.
#[derive(Clone, Debug)]
pub struct Espeak {
    program: PathBuf,
    languages: BTreeSet<String>,
}

/// espeak-ng can't be used.
#[derive(Debug, thiserror::Error)]
pub enum EspeakError {
    /// The program isn't there or can't be started.
    #[error(
        "the demo voice needs espeak-ng, but {program} can't be run: {source}; install it: apt-get install espeak-ng"
    )]
    Missing {
        /// The program.
        program: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The program failed or gave unusable output.
    #[error("{program} failed: {reason}")]
    Failed {
        /// The program.
        program: String,
        /// What went wrong.
        reason: String,
    },
}

impl From<EspeakError> for SourceError {
    fn from(error: EspeakError) -> Self {
        Self::Demo { reason: error.to_string() }
    }
}

impl Espeak {
    /// Runs the program to learn its languages. A bare name such as `espeak-ng` is looked up in `PATH`.
    ///
    /// # Errors
    /// The program can't be run, or has no Hindi voice.
    pub async fn find(program: &Path) -> Result<Self, EspeakError> {
        let mut espeak = Self { program: program.to_owned(), languages: BTreeSet::new() };
        let voices = espeak.run(&["--voices"], "").await?;
        let text = String::from_utf8_lossy(&voices);
        // Columns: priority, language, age and gender, name, ….
        espeak.languages =
            text.lines().skip(1).filter_map(|l| l.split_whitespace().nth(1)).map(str::to_owned).collect();
        if espeak.languages.contains("hi") {
            Ok(espeak)
        } else {
            Err(espeak.failed("it has no Hindi voice, which stands in for languages it doesn't speak"))
        }
    }

    /// Checks that the program still runs.
    pub(super) async fn check(&self) -> Result<(), EspeakError> {
        self.run(&["--version"], "").await.map(drop)
    }

    /// The espeak-ng voice of a language and gender. Languages that it doesn't speak get the Hindi voice: all of ours
    /// among them are written in Devanagari.
    pub(super) fn voice_for(&self, language: &str, gender: Option<Gender>) -> String {
        let language = match language {
            "en" => "en-us",
            other if self.languages.contains(other) => other,
            _ => "hi",
        };
        let variant = match gender {
            Some(Gender::Female) => "+f2",
            Some(Gender::Male) => "+m3",
            None => "",
        };
        format!("{language}{variant}")
    }

    /// Speaks a text. Returns the sample rate and mono samples from −1 to 1.
    pub(crate) async fn speak(&self, text: &str, voice: &str) -> Result<(SampleRate, Vec<f32>), EspeakError> {
        // Double brackets switch to phoneme names, and some control characters crash the program.
        let text = text.replace(char::is_control, " ").replace("[[", "[ [");
        let wav =
            self.run(&["-v", voice, "-s", WORDS_PER_MINUTE, "-b", "1", "--stdin", "--stdout"], &text).await?;
        parse_wav(&wav).ok_or_else(|| self.failed("its output is not a WAV file of 16-bit samples"))
    }

    /// Runs the program with `input` on its standard input, never as an argument, and returns its standard output.
    /// Dropping the future kills the program.
    async fn run(&self, arguments: &[&str], input: &str) -> Result<Vec<u8>, EspeakError> {
        let mut child = Command::new(&self.program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| EspeakError::Missing { program: self.program.display().to_string(), source })?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let write = async {
            if let Some(mut stdin) = stdin {
                stdin.write_all(input.as_bytes()).await?;
            }
            std::io::Result::Ok(())
        };
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let read = async {
            if let Some(stdout) = stdout {
                stdout.take(MAX_WAV_BYTES as u64).read_to_end(&mut output).await?;
            }
            std::io::Result::Ok(())
        };
        let read_errors = async {
            if let Some(stderr) = stderr {
                stderr.take(4096).read_to_end(&mut errors).await?;
            }
            std::io::Result::Ok(())
        };
        let status = timeout(TIMEOUT, async {
            // If the program doesn't read all its input, its status says why.
            let (_, read, read_errors) = tokio::join!(write, read, read_errors);
            read.and(read_errors)?;
            child.wait().await
        })
        .await;
        match status {
            Ok(Ok(status)) if status.success() => Ok(output),
            Ok(Ok(status)) => {
                Err(self.failed(&format!("{status}: {}", excerpt(String::from_utf8_lossy(&errors).trim()))))
            }
            Ok(Err(error)) => Err(self.failed(&error.to_string())),
            Err(_) => Err(self.failed(&format!("no answer in {} s", TIMEOUT.as_secs()))),
        }
    }

    fn failed(&self, reason: &str) -> EspeakError {
        EspeakError::Failed { program: self.program.display().to_string(), reason: reason.to_owned() }
    }
}

/// Parses a streamed mono 16-bit WAV file. The sizes in its header aren't true.
fn parse_wav(bytes: &[u8]) -> Option<(SampleRate, Vec<f32>)> {
    let mut chunks = bytes.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WAVE")?;
    let mut rate = None;
    loop {
        let (header, rest) = chunks.split_first_chunk::<8>()?;
        let [id @ .., s0, s1, s2, s3] = header;
        let size = u32::from_le_bytes([*s0, *s1, *s2, *s3]) as usize;
        match id {
            b"fmt " => {
                let (format, rest) = rest.split_first_chunk::<16>()?;
                let [1, 0, 1, 0, r0, r1, r2, r3, .., 16, 0] = format else { return None };
                rate = SampleRate::new(u32::from_le_bytes([*r0, *r1, *r2, *r3])).ok();
                chunks = rest.get(size.checked_sub(16)?..)?;
            }
            b"data" => {
                let (samples, _) = rest.as_chunks::<2>();
                let samples = samples.iter().map(|bytes| f32::from(i16::from_le_bytes(*bytes)) / 32_768.0);
                return Some((rate?, samples.collect()));
            }
            _ => chunks = rest.get(size..)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    async fn espeak() -> Espeak {
        Espeak::find(Path::new("espeak-ng")).await.unwrap()
    }

    #[tokio::test]
    async fn a_missing_program_names_the_install_line() {
        let error = Espeak::find(Path::new("/nowhere/espeak-ng")).await.unwrap_err().to_string();
        assert!(error.contains("apt-get install espeak-ng") && error.contains("/nowhere"), "{error}");
    }

    #[tokio::test]
    async fn each_language_has_a_voice_and_speaks() {
        let espeak = espeak().await;
        assert_eq!(espeak.voice_for("ta", Some(Gender::Male)), "ta+m3");
        assert_eq!(espeak.voice_for("mai", Some(Gender::Female)), "hi+f2");
        assert_eq!(espeak.voice_for("en", None), "en-us");
        for language in "hi bn mr te kn bh mag hne mai as brx doi gu ml pa ta en ne sa".split(' ') {
            let voice = espeak.voice_for(language, Some(Gender::Female));
            let (rate, samples) = espeak.speak("1 2 3", &voice).await.unwrap();
            assert_eq!(rate, SampleRate::HZ_22050);
            let loud = samples.iter().filter(|sample| sample.abs() > 0.05).count();
            assert!(loud > 1000, "{language}: {} samples, {loud} of them loud", samples.len());
        }
    }

    #[tokio::test]
    async fn text_is_never_an_argument_or_a_command() {
        let espeak = espeak().await;
        for text in ["--version", "-w /tmp/x", "[[h@l'oU]]", "$(id)", "<break time=\"100s\"/>"] {
            let (_, samples) = espeak.speak(text, "en-us").await.unwrap();
            assert!(!samples.is_empty() && samples.len() < 30 * 22_050, "{text}: {}", samples.len());
        }
    }

    #[tokio::test]
    async fn a_program_that_fails_is_an_error_with_its_status() {
        let error = Espeak::find(Path::new("/bin/false")).await.unwrap_err().to_string();
        assert!(error.contains("/bin/false failed: exit status: 1"), "{error}");
        let error = Espeak::find(Path::new("/bin/true")).await.unwrap_err().to_string();
        assert!(error.contains("no Hindi voice"), "{error}");
    }

    proptest! {
        #[test]
        fn broken_wav_files_are_refused_without_a_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..80), whole: bool) {
            if whole {
                bytes.splice(0..0, *b"RIFF\0\0\0\0WAVEfmt ");
            }
            let _ = parse_wav(&bytes);
        }
    }
}
