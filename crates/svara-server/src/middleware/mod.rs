//! The middleware, one step in each file. `app.rs` sets the order.

mod auth;
mod cors;
mod count;
mod drain;
mod method;
mod not_modified;
mod request_id;

pub(crate) use self::{
    auth::{Guard, bearer, guard},
    cors::cors,
    count::{HttpMetrics, count},
    drain::refuse_when_draining,
    method::method_not_allowed,
    not_modified::not_modified,
    request_id::identify,
};
