//! What every route of the server is made of: who asks, what the request brings, how failures are answered.
//!
//! [`routes::Routes`] is a group of routes with its access and its spelling of refusals; handlers get the
//! [`state::AppState`] and the [`door::asker::Asker`], read bodies with [`reading`], and return [`error::ApiError`], which
//! module [`error`] alone maps to HTTP.

pub mod audit;
pub mod budget;
pub mod door;
pub mod error;
pub mod file;
pub mod links;
pub mod reading;
pub mod respond;
pub mod routes;
pub mod state;
pub mod voice;
