//! For tests and tools: a fake vLLM with a pace and faults, the models the tests decode with, a count of what is
//! allocated, a process of a test's own, and a way to wait.
//!
//! ```
//! use svara_testkit::fake_vllm::{FakeVllm, Script};
//! use tokio::{
//!     io::{AsyncReadExt, AsyncWriteExt},
//!     net::TcpStream,
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let vllm = FakeVllm::start(Script::frames(1)).await;
//! let url = vllm.base_url(); // what is tested asks it here, and gets `answer`
//! # let address = url.trim_start_matches("http://").trim_end_matches("/v1");
//! # let mut client = TcpStream::connect(address).await?;
//! # let body = r#"{"model":"svara","prompt":[1],"stream":true,"max_tokens":100}"#;
//! # let length = body.len();
//! # let head = "POST /v1/completions HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\nconnection: close";
//! # client.write_all(format!("{head}\r\ncontent-length: {length}\r\n\r\n{body}").as_bytes()).await?;
//! # let mut answer = String::new();
//! # client.read_to_string(&mut answer).await?;
//! assert!(answer.contains("data: [DONE]"));
//! assert_eq!(vllm.requests().len(), 1);
//! # Ok(())
//! # }
//! ```

pub mod allocations;
pub mod fake_vllm;
pub mod models;
pub mod process;
mod waiting;

pub use waiting::{PATIENCE, eventually};
