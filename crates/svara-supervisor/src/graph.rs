//! The start order of programs.

use std::collections::{BTreeMap, BTreeSet};

/// What is wrong with an `after` list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// A name that no program has.
    #[error("program.{program}.after: there is no program `{unknown}`; programs are: {}", .known.join(", "))]
    Unknown {
        /// The program with the list.
        program: String,
        /// The unknown name.
        unknown: String,
        /// All known names.
        known: Vec<String>,
    },
    /// Programs that wait for each other.
    #[error("programs wait for each other: {}", .0.join(" -> "))]
    Cycle(Vec<String>),
}

/// Sorts programs so that each comes after its dependencies, and alphabetically otherwise.
///
/// # Errors
/// Every unknown name and every cycle, all at once.
pub fn start_order(after: &BTreeMap<String, Vec<String>>) -> Result<Vec<String>, Vec<GraphError>> {
    let mut errors = Vec::new();
    for (program, names) in after {
        for unknown in names.iter().filter(|name| !after.contains_key(*name)) {
            let known = after.keys().cloned().collect();
            errors.push(GraphError::Unknown { program: program.clone(), unknown: unknown.clone(), known });
        }
    }
    let mut order: Vec<String> = Vec::with_capacity(after.len());
    let mut placed = BTreeSet::new();
    loop {
        let free: Vec<&String> = after
            .iter()
            .filter(|(program, names)| {
                !placed.contains(*program)
                    && names.iter().all(|name| placed.contains(name) || !after.contains_key(name))
            })
            .map(|(program, _)| program)
            .collect();
        if free.is_empty() {
            break;
        }
        order.extend(free.iter().map(|name| (*name).clone()));
        placed.extend(free);
    }
    let mut left: BTreeSet<&String> = after.keys().filter(|program| !placed.contains(*program)).collect();
    while let Some(start) = left.first().copied() {
        if let Some(cycle) = walk(after, &left, start) {
            for name in &cycle {
                left.remove(name);
            }
            errors.push(GraphError::Cycle(cycle));
        } else {
            // Depends on a cycle without being part of one.
            left.remove(start);
        }
    }
    if errors.is_empty() { Ok(order) } else { Err(errors) }
}

/// Follows `after` from `start` within `among` until a program repeats, and returns that cycle.
fn walk(
    after: &BTreeMap<String, Vec<String>>,
    among: &BTreeSet<&String>,
    start: &str,
) -> Option<Vec<String>> {
    let mut path = vec![start.to_owned()];
    loop {
        let next = after.get(path.last()?)?.iter().find(|name| among.contains(name))?;
        if let Some(at) = path.iter().position(|name| name == next) {
            path.drain(..at);
            path.push(next.clone());
            return Some(path);
        }
        path.push(next.clone());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn graph(edges: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        edges
            .iter()
            .map(|(name, after)| ((*name).into(), after.iter().map(|n| (*n).into()).collect()))
            .collect()
    }

    #[test]
    fn each_comes_after_its_dependencies() {
        let order = start_order(&graph(&[("api", &["vllm"]), ("monitor", &["api"]), ("vllm", &[])])).unwrap();
        assert_eq!(order, ["vllm", "api", "monitor"]);
    }

    #[test]
    fn all_faults_come_at_once() {
        let errors = start_order(&graph(&[("a", &["b", "x"]), ("b", &["a"]), ("c", &["c"]), ("d", &["y"])]))
            .unwrap_err();
        let text: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(errors.len(), 4, "{text:?}");
        assert!(text[0].contains("program.a.after: there is no program `x`"), "{text:?}");
        assert!(text[1].contains("`y`"), "{text:?}");
        assert!(text[2].contains("a -> b -> a"), "{text:?}");
        assert!(text[3].contains("c -> c"), "{text:?}");
    }

    proptest! {
        #[test]
        fn an_acyclic_graph_always_has_an_order(edges in proptest::collection::vec((0..12_usize, 0..12_usize), 0..60)) {
            let mut after: BTreeMap<String, Vec<String>> = (0..12).map(|n| (format!("p{n:02}"), vec![])).collect();
            for (a, b) in edges {
                if a != b {
                    after.get_mut(&format!("p{:02}", a.max(b))).unwrap().push(format!("p{:02}", a.min(b)));
                }
            }
            let order = start_order(&after).unwrap();
            prop_assert_eq!(order.len(), 12);
            for (place, name) in order.iter().enumerate() {
                prop_assert!(after[name].iter().all(|needed| order[..place].contains(needed)));
            }
        }
    }
}
