//! When requests are sent.

use std::{fmt, str::FromStr, time::Duration};

/// How requests arrive at the server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrival {
    /// Each stream sends its next request once the last one is answered: never more open requests than streams.
    Closed,
    /// At random, however fast the server answers.
    Poisson {
        /// Requests per second on average, above 0.
        per_second: f64,
    },
}

impl FromStr for Arrival {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = || "must be closed or poisson:RPS, where RPS is a number above 0".to_owned();
        match text.split_once(':') {
            None if text == "closed" => Ok(Self::Closed),
            Some(("poisson", rate)) => match crate::args::positive(rate) {
                Ok(per_second) => Ok(Self::Poisson { per_second }),
                Err(_) => Err(allowed()),
            },
            _ => Err(allowed()),
        }
    }
}

impl fmt::Display for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("closed"),
            Self::Poisson { per_second } => write!(f, "poisson:{per_second}"),
        }
    }
}

/// The arrival times of a Poisson process, since its start and without end.
pub(super) fn poisson_times(per_second: f64, seed: u64) -> impl Iterator<Item = Duration> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut at_s = 0.0;
    std::iter::repeat_with(move || {
        // 1 − f64() is above 0, so that its logarithm is a number.
        at_s -= (1.0 - random.f64()).ln() / per_second;
        Duration::try_from_secs_f64(at_s).unwrap_or(Duration::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_are_read_and_written() {
        for text in ["closed", "poisson:2.5"] {
            assert_eq!(text.parse::<Arrival>().unwrap().to_string(), text);
        }
        for text in ["open", "poisson", "poisson:0", "poisson:x", "closed:1"] {
            assert!(text.parse::<Arrival>().unwrap_err().contains("poisson:RPS"), "{text}");
        }
    }

    #[test]
    fn a_poisson_process_has_its_rate_and_its_spread() {
        let times: Vec<f64> = poisson_times(20.0, 7).take(20_000).map(|t| t.as_secs_f64()).collect();
        let rate = times.len() as f64 / times.last().unwrap();
        assert!((19.0..21.0).contains(&rate), "{rate}");
        // Gaps of an exponential distribution: 63.2 % are below the mean.
        let short = times.windows(2).filter(|pair| pair[1] - pair[0] < 0.05).count();
        assert!((0.62..0.645).contains(&(short as f64 / times.len() as f64)), "{short}");
        assert!(times.is_sorted());
    }
}
