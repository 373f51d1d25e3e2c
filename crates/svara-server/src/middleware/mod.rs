//! The middleware, one step in each file. `app.rs` sets the order.

mod answers;
mod auth;
mod bodies;
mod coding;
mod cors;
mod count;
mod drain;
mod headers;
mod method;
mod not_modified;
mod parameters;
mod path;
mod place;
mod remaining;
mod request_id;
mod respell;
mod unknown;

pub(crate) use self::{
    answers::meter_answer,
    auth::{Guard, charge, guard},
    bodies::meter_body,
    coding::check_coding,
    cors::cors,
    count::{HttpMetrics, count},
    drain::refuse_when_draining,
    headers::{OverHttps, set_headers},
    method::{Methods, method_not_allowed},
    not_modified::not_modified,
    parameters::{Parameters, name_ignored},
    path::check_path,
    place::{Place, check_place},
    remaining::tell_remaining,
    request_id::identify,
    respell::respell,
    unknown::unknown_path,
};
