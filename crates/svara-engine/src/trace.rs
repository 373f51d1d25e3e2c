//! The trace that a request belongs to.

/// A W3C trace context: the headers `traceparent` and `tracestate`, passed on to the engine as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    traceparent: String,
    tracestate: Option<String>,
}

/// The length that W3C asks everybody to support.
const MAX_STATE_BYTES: usize = 512;

impl TraceContext {
    /// Parses the two headers. `None` if `traceparent` isn't well-formed. A `tracestate` that isn't well-formed is left
    /// out, as the recommendation says.
    pub fn parse(traceparent: &str, tracestate: Option<&str>) -> Option<Self> {
        let mut parts = traceparent.split('-');
        let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let known = version == "00";
        let well_formed = is_hex(version, 2)
            && version != "ff"
            && (is_hex(trace, 32) && trace.bytes().any(|digit| digit != b'0'))
            && (is_hex(parent, 16) && parent.bytes().any(|digit| digit != b'0'))
            && is_hex(flags, 2)
            // Only later versions may have more after the flags.
            && (!known || parts.next().is_none())
            && traceparent.len() <= MAX_STATE_BYTES
            && traceparent.bytes().all(|byte| byte.is_ascii_graphic());
        let tracestate = tracestate.map(str::trim).filter(|state| {
            (1..=MAX_STATE_BYTES).contains(&state.len())
                && state.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
        });
        well_formed
            .then(|| Self { traceparent: traceparent.to_owned(), tracestate: tracestate.map(str::to_owned) })
    }

    /// The value of the header `traceparent`.
    pub fn traceparent(&self) -> &str {
        &self.traceparent
    }

    /// The value of the header `tracestate`.
    pub fn tracestate(&self) -> Option<&str> {
        self.tracestate.as_deref()
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_well_formed_context_goes_through_as_it_is() {
        let context = TraceContext::parse(PARENT, Some("vendor=a:1, other=b ")).unwrap();
        assert_eq!((context.traceparent(), context.tracestate()), (PARENT, Some("vendor=a:1, other=b")));
        assert_eq!(TraceContext::parse(PARENT, None).unwrap().tracestate(), None);
        assert!(TraceContext::parse(&format!("01{}-later", &PARENT[2..]), None).is_some());
    }

    #[test]
    fn what_is_not_well_formed_is_left_out() {
        for wrong in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        ] {
            assert_eq!(TraceContext::parse(wrong, None), None, "{wrong}");
        }
        for wrong in ["", "x=\u{7f}", &"x".repeat(513)] {
            assert_eq!(TraceContext::parse(PARENT, Some(wrong)).unwrap().tracestate(), None, "{wrong:.5}");
        }
    }
}
