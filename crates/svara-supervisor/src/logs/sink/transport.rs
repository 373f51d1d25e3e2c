//! Connections to sinks.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use nix::errno::Errno;
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UdpSocket, UnixDatagram, UnixStream, unix::pipe},
    time::{sleep, timeout},
};

use super::input::SinkInput;
use crate::config::{SinkTarget, SyslogAddress};

/// How long a host takes to say that nobody listens on a port.
const REFUSAL: Duration = Duration::from_millis(100);

/// Something that takes lines.
#[derive(Debug)]
pub(super) enum Connection {
    /// Each line is a datagram.
    UnixDatagram(UnixDatagram),
    /// Each line ends with a newline.
    UnixStream(UnixStream),
    /// Each line is a datagram; nobody says whether it arrives, unless nobody listens.
    Udp { socket: UdpSocket, is_new: bool },
    /// Each line comes after its length.
    Tcp(TcpStream),
    /// Each line ends with a newline.
    Pipe(pipe::Sender),
}

/// Connects; a command's standard input comes from the thread that starts it. `failures` counts the attempts that failed.
///
/// # Errors
/// When the sink isn't there.
pub(super) async fn connect(
    target: &SinkTarget,
    input: &SinkInput,
    failures: usize,
    patience: Duration,
) -> io::Result<Connection> {
    let connect = async {
        match target {
            SinkTarget::Command(_) => pipe::Sender::from_owned_fd(input.take().await).map(Connection::Pipe),
            SinkTarget::Syslog { to: SyslogAddress::Unix(path), .. } => local(path).await,
            SinkTarget::Syslog { to: SyslogAddress::Tcp { host, port }, .. } => {
                TcpStream::connect((host.as_str(), *port)).await.map(Connection::Tcp)
            }
            SinkTarget::Syslog { to: SyslogAddress::Udp { host, port }, .. } => {
                let addresses = udp_addresses(host, *port).await?;
                // Only what is sent shows whether somebody listens there, so each attempt takes the next one.
                let turn = failures.checked_rem(addresses.len()).unwrap_or_default();
                let address =
                    addresses.get(turn).ok_or_else(|| io::Error::other("the name has no address"))?;
                let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                let socket = UdpSocket::bind(any).await?;
                socket.connect(address).await?;
                Ok(Connection::Udp { socket, is_new: true })
            }
        }
    };
    let late = match target {
        SinkTarget::Command(_) => "the command doesn't run",
        SinkTarget::Syslog { .. } => "no answer",
    };
    timeout(patience, connect).await.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, late)))
}

async fn udp_addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    // By RFC 6761, this machine, whatever addresses a resolver knows for it.
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(vec![(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()]);
    }
    Ok(tokio::net::lookup_host((host, port)).await?.collect())
}

async fn local(path: &Path) -> io::Result<Connection> {
    let socket = UnixDatagram::unbound()?;
    match socket.connect(path) {
        Err(error) if error.raw_os_error() == Some(Errno::EPROTOTYPE as i32) => {
            UnixStream::connect(path).await.map(Connection::UnixStream)
        }
        connected => connected.map(|()| Connection::UnixDatagram(socket)),
    }
}

impl Connection {
    /// Whether one success says that the sink is there.
    pub(super) fn is_sure(&self) -> bool {
        !matches!(self, Self::Udp { .. })
    }

    /// Waits until the other end has closed it; for ever where nobody tells.
    pub(super) async fn closed(&self) {
        let mut scratch = [0; 512];
        loop {
            let read = match self {
                Self::Tcp(stream) => {
                    let _ = stream.readable().await;
                    stream.try_read(&mut scratch)
                }
                Self::UnixStream(stream) => {
                    let _ = stream.readable().await;
                    stream.try_read(&mut scratch)
                }
                _ => std::future::pending().await,
            };
            match read {
                // What it says is of no interest.
                Ok(1..) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(0) | Err(_) => return,
            }
        }
    }

    /// Whether the other end has closed it, as far as is known by now.
    pub(super) fn is_closed(&self, input: &SinkInput) -> bool {
        let mut scratch = [0; 512];
        loop {
            let read = match self {
                Self::Tcp(stream) => stream.try_read(&mut scratch),
                Self::UnixStream(stream) => stream.try_read(&mut scratch),
                Self::Pipe(_) => return input.is_new(),
                Self::UnixDatagram(_) | Self::Udp { .. } => return false,
            };
            match read {
                Ok(1..) => {}
                Ok(0) => return true,
                Err(error) => return error.kind() != io::ErrorKind::WouldBlock,
            }
        }
    }

    /// Sends lines, and counts in `sent` those that were sent whole.
    ///
    /// # Errors
    /// When the sink is gone, or takes nothing for as long as `patience`.
    pub(super) async fn send(
        &mut self,
        lines: &[Vec<u8>],
        patience: Duration,
        sent: &mut usize,
    ) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => {
                let frame = |line: &Vec<u8>| [format!("{} ", line.len()).as_bytes(), line].concat();
                stream_out(stream, lines.iter().map(frame), patience, sent).await
            }
            Self::UnixStream(stream) => stream_out(stream, lines.iter().map(ended), patience, sent).await,
            Self::Pipe(pipe) => stream_out(pipe, lines.iter().map(ended), patience, sent).await,
            Self::UnixDatagram(socket) => {
                for line in lines {
                    timeout(patience, socket.send(line)).await.map_err(|_| stuck())??;
                    *sent += 1;
                }
                Ok(())
            }
            Self::Udp { socket, is_new } => {
                for line in lines {
                    timeout(patience, socket.send(line)).await.map_err(|_| stuck())??;
                    if std::mem::take(is_new) {
                        sleep(REFUSAL).await;
                        socket.take_error()?.map_or(Ok(()), Err)?;
                    }
                    *sent += 1;
                }
                Ok(())
            }
        }
    }
}

fn stuck() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "it reads nothing")
}

fn ended(line: &Vec<u8>) -> Vec<u8> {
    [line.as_slice(), b"\n"].concat()
}

/// Writes frames as one; a frame that was written in part doesn't count.
async fn stream_out(
    stream: &mut (impl AsyncWrite + Unpin),
    frames: impl Iterator<Item = Vec<u8>>,
    patience: Duration,
    sent: &mut usize,
) -> io::Result<()> {
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    for frame in frames {
        bytes.extend_from_slice(&frame);
        ends.push(bytes.len());
    }
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        let wrote = timeout(patience, stream.write(rest)).await.map_err(|_| stuck())?;
        written += match wrote? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            wrote => wrote,
        };
        *sent = ends.partition_point(|end| *end <= written);
    }
    Ok(())
}
