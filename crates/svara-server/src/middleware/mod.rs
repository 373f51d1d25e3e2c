//! The middleware, one step in each file. `app.rs` sets the order.

mod access;
mod auth;
mod cors;
mod count;
mod drain;
mod not_modified;
mod request_id;

pub(crate) use self::{
    auth::{Guard, bearer, guard},
    cors::cors,
    count::{HttpMetrics, count},
    drain::refuse_when_draining,
    not_modified::not_modified,
    request_id::identify,
};
