//! The middleware, one step in each file. `app.rs` sets the order.

mod auth;
mod bodies;
mod cors;
mod count;
mod drain;
mod headers;
mod method;
mod not_modified;
mod place;
mod remaining;
mod request_id;

pub(crate) use self::{
    auth::{Guard, bearer, guard, key_of},
    bodies::meter_body,
    cors::cors,
    count::{HttpMetrics, count},
    drain::refuse_when_draining,
    headers::set_headers,
    method::method_not_allowed,
    not_modified::not_modified,
    place::{Place, check_place},
    remaining::tell_remaining,
    request_id::identify,
};
