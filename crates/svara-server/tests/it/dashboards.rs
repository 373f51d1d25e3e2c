//! The dashboard and the alert rules of this repository.

use std::collections::BTreeSet;

use svara_testkit::models;

/// The metrics of `docs/metrics.md`, which another test compares with the server; histograms with their three series.
fn documented() -> BTreeSet<String> {
    let page = std::fs::read_to_string(models::workspace().join("docs/metrics.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    rows.flat_map(|(name, rest)| {
        let endings: &[&str] =
            if rest.starts_with("histogram") { &["_bucket", "_sum", "_count"] } else { &[""] };
        endings.iter().map(move |ending| format!("{name}{ending}"))
    })
    .collect()
}

fn named_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("svara_")).map(str::to_owned).collect()
}

#[test]
fn dashboard_and_alerts_use_existing_metrics() {
    let known = documented();
    for file in ["dashboard.json", "alerts.yaml"] {
        let text = std::fs::read_to_string(models::workspace().join("docker/grafana").join(file)).unwrap();
        let named = named_in(&text);
        assert!(named.len() > 10, "{file} names {named:?}");
        let unknown: Vec<_> = named.difference(&known).collect();
        assert!(unknown.is_empty(), "{file} names {unknown:?}");
    }
}

#[test]
fn the_dashboard_is_one() {
    let path = models::workspace().join("docker/grafana/dashboard.json");
    let dashboard: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "each panel has its own id");
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        assert!(!panel["targets"].as_array().unwrap().is_empty(), "{}", panel["title"]);
        let place = &panel["gridPos"];
        assert!(place["x"].as_u64().unwrap() + place["w"].as_u64().unwrap() <= 24, "{}", panel["title"]);
    }
}
