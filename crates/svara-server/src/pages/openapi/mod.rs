//! The OpenAPI document: `GET /openapi.json`.
//!
//! It is made of the same lists and limits that the routes go by. Tests hold its paths and methods against the router,
//! its request fields against the types that are read, and its answers against those of a running server.

mod parts;
mod schemas;
mod speech;
mod voices;

use serde_json::{Map, Value, json};

use self::{
    parts::{Dialect, binary, get, json_answer, path, refusals},
    schemas::Limits,
};
use crate::state::AppState;

/// The whole document.
pub(crate) fn document(state: &AppState) -> Value {
    let mut paths = Map::new();
    for group in [speech::paths(state), voices::paths(), jobs(state), operations(), pages()] {
        paths.extend(group);
    }
    let limits = Limits {
        text_characters: state.service.engine().text_max_characters(),
        openai_input_characters: state.openai_input_characters,
        styles: &state.service.engine().profile().style_tags,
    };
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "svara-tts",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Text to speech, streamed while it is made, in three dialects: svara, OpenAI, ElevenLabs.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [
            {"name": "speech", "description": "Text to speech now."},
            {"name": "jobs", "description": "Text to speech later: long texts and batches."},
            {"name": "voices", "description": "Who can speak."},
            {"name": "models", "description": "What speaks."},
            {"name": "operations", "description": "For those who run the server."},
            {"name": "pages", "description": "For browsers."},
        ],
        "security": [{}, {"bearer": []}, {"xi_api_key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "Where the server wants keys."},
                "xi_api_key": {"type": "apiKey", "in": "header", "name": "xi-api-key"},
            },
            "schemas": schemas::all(&limits),
        },
    })
}

fn jobs(state: &AppState) -> Map<String, Value> {
    let id = || path("id", "The job's id.");
    let refused = |also: &[u16]| refusals(Dialect::Svara, &[also, &[501]].concat());
    let created = json!({
        "description": "The job; its items are spoken in their time.",
        "headers": {"Location": {"schema": {"type": "string"}, "description": "Where the job is."}},
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Job"}}},
    });
    let limits = state.service.jobs().limits();
    let about = format!(
        "One text, or a line of JSON for each of up to {} texts; together up to {} characters.",
        limits.max_items, limits.job_characters
    );
    let create = json!({
        "tags": ["jobs"], "operationId": "create_job", "summary": "Speak later", "description": about,
        "requestBody": {"required": true, "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/SvaraSpeech"}},
            "application/jsonl": {"schema": {"type": "string", "description": "A SvaraSpeech object in each line."}},
        }},
        "responses": refused(&[400, 404, 408, 409, 413, 415, 422]).with(202, created),
    });
    let listed = json_answer("The jobs, the newest first, without their items.", "JobList");
    let list = get("jobs", "list_jobs", "The jobs", vec![], refused(&[]).with(200, listed));
    let shown = json_answer("The job.", "Job");
    let show =
        get("jobs", "get_job", "A job and how far it is", vec![id()], refused(&[404]).with(200, shown));
    let deleted = json_answer("It is gone, and so is its audio.", "Ok");
    let delete =
        get("jobs", "delete_job", "Cancel and delete", vec![id()], refused(&[404]).with(200, deleted));
    let audio = |operation: &str, summary: &str, parameters: Vec<Value>| {
        let responses = refused(&[400, 404, 409]).with(200, binary("The file."));
        get("jobs", operation, summary, parameters, responses)
    };
    let number = || path("number", "Which of its texts, from 0.");
    let times = |operation: &str, summary: &str, parameters: Vec<Value>| {
        let about = "Estimated times of its words or characters, for a text that was posted with timestamps.";
        let responses = refused(&[400, 404, 409]).with(200, json_answer(about, "Times"));
        get("jobs", operation, summary, parameters, responses)
    };
    [
        ("/v1/jobs".to_owned(), json!({"get": list, "post": create})),
        ("/v1/jobs/{id}".to_owned(), json!({"get": show, "delete": delete})),
        (
            "/v1/jobs/{id}/audio".to_owned(),
            json!({"get": audio("get_only_job_audio", "The audio of a job with one text", vec![id()])}),
        ),
        (
            "/v1/jobs/{id}/audio/{number}".to_owned(),
            json!({"get": audio("get_job_audio", "The audio of a text", vec![id(), number()])}),
        ),
        (
            "/v1/jobs/{id}/timestamps".to_owned(),
            json!({"get": times("get_only_job_times", "The times of a job with one text", vec![id()])}),
        ),
        (
            "/v1/jobs/{id}/timestamps/{number}".to_owned(),
            json!({"get": times("get_job_times", "The times of a text", vec![id(), number()])}),
        ),
    ]
    .into_iter()
    .collect()
}

fn operations() -> Map<String, Value> {
    let probe = |path: &str, operation: &str, summary: &str, schema: &str, unwell: bool| {
        let answer = |description: &str| json_answer(description, schema);
        let responses = refusals(Dialect::Svara, &[]).with(200, answer("It is well."));
        let responses = if unwell { responses.with(503, answer("It is not; why not.")) } else { responses };
        (path.to_owned(), json!({"get": get("operations", operation, summary, vec![], responses)}))
    };
    let text = json!({"description": "In the text format of Prometheus.",
        "content": {"text/plain; version=0.0.4": {"schema": {"type": "string"}}}});
    let metrics = refusals(Dialect::Svara, &[]).with(200, text);
    let timing = refusals(Dialect::Svara, &[]).with(200, json_answer("Where time went.", "Timing"));
    let reset = refusals(Dialect::Svara, &[]).with(200, json_answer("It starts over.", "Reset"));
    [
        probe("/health", "health", "Whether a request would be spoken now", "Health", true),
        probe("/health/live", "live", "Whether the process runs", "Status", false),
        probe("/health/ready", "ready", "Whether to send requests here", "Status", true),
        probe("/v1/readyz", "readyz", "As /health/ready", "Status", true),
        probe("/v1/test", "test", "A server is here", "Status", false),
        ("/metrics".to_owned(), json!({"get": get("operations", "metrics", "Metrics", vec![], metrics)})),
        (
            "/debug/timing".to_owned(),
            json!({"get": get("operations", "timing", "Times of the steps of requests", vec![], timing)}),
        ),
        (
            "/debug/timing/reset".to_owned(),
            json!({"post": get("operations", "reset_timing", "Start the times over", vec![], reset)}),
        ),
    ]
    .into_iter()
    .collect()
}

fn pages() -> Map<String, Value> {
    let page = |path_name: &str, operation: &str, summary: &str, kind: &str, parameters: Vec<Value>| {
        let content = json!({"description": "The page or file.", "content": {kind: {"schema": {}}}});
        let also: &[u16] = if parameters.is_empty() { &[] } else { &[404] };
        let responses = refusals(Dialect::Svara, also).with(200, content);
        (path_name.to_owned(), json!({"get": get("pages", operation, summary, parameters, responses)}))
    };
    let moved = |path_name: &str, operation: &str, to: &str| {
        let responses = refusals(Dialect::Svara, &[]).with(308, json!({"description": format!("To {to}.")}));
        let summary = format!("Leads to {to}");
        (path_name.to_owned(), json!({"get": get("pages", operation, &summary, vec![], responses)}))
    };
    let file = || vec![path("file", "Its name.")];
    [
        page("/", "playground", "The playground", "text/html", vec![]),
        moved("/playground", "playground_home", "/"),
        page(
            "/playground/settings.json",
            "playground_settings",
            "What the playground has to know",
            "application/json",
            vec![],
        ),
        page("/playground/{file}", "playground_file", "A file of the playground", "*/*", file()),
        page("/openapi.json", "openapi", "This document", "application/json", vec![]),
        moved("/docs", "docs_home", "/docs/"),
        page("/docs/", "docs", "This document as a page", "text/html", vec![]),
        page("/docs/{file}", "docs_file", "A file of that page", "*/*", file()),
    ]
    .into_iter()
    .collect()
}
