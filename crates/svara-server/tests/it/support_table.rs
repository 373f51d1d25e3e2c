//! The table of routes in `docs/api.md` says what the server's document says.

use std::{collections::BTreeSet, fs};

use svara_testkit::{fake_vllm::Script, models::workspace};

use crate::{
    harness::Server,
    openapi::{document, operations},
};

/// What the table lists; jobs, operations and pages have their own documents.
const TAGS: [&str; 3] = ["speech", "voices", "models"];

#[tokio::test]
async fn the_table_of_dialects_lists_the_routes_there_are() {
    let server = Server::start(Script::frames(1)).await;
    let document = document(&server).await;
    let listed = operations(&document)
        .into_iter()
        .filter(|(.., operation)| TAGS.contains(&operation["tags"][0].as_str().unwrap()));
    let of_code: BTreeSet<String> = listed.map(|(method, path, _)| format!("{method} {path}")).collect();
    let text = fs::read_to_string(workspace().join("docs/api.md")).unwrap();
    let table = text.split("\n## ").find(|section| section.starts_with("Dialects")).unwrap();
    let of_table: BTreeSet<String> = table
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned()))
        .collect();
    assert!(of_code.len() > 15, "{of_code:?}");
    assert_eq!(of_table, of_code);
}
