//! Serves the control socket: nobody who is silent, slow or patient keeps others from being answered.

use std::{
    cell::Cell, collections::VecDeque, io, os::fd::AsFd, path::PathBuf, rc::Rc, sync::Arc, time::Duration,
};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    unistd::{Gid, Uid, User, getgrouplist},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream, unix::UCred},
    sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc},
    task::{AbortHandle, spawn_local},
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    lock::Lock,
    protocol::{Failure, Request, Response},
    server::{Call, Envelope, bind, parse},
};

/// Longest request.
const MAX_REQUEST_BYTES: u64 = 64 << 10;

/// Connections that haven't asked anything yet; for one more, the oldest is closed.
const MAX_SILENT: usize = 64;

/// Followers, and commands that wait for programs, each; further ones are refused.
const MAX_PATIENT: usize = 64;

/// All conversations at once.
const MAX_CONVERSATIONS: u32 = 256;

/// Time limit for a client to send its request, and to accept each line of the answer, unless it follows: a follower may
/// pause, and is told what it missed.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often to look whether the socket file is still there.
const LOOK_FOR_FILE: Duration = Duration::from_secs(2);

/// How often to look whether a client that has nothing more to say has gone.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The conversations.
#[derive(Clone, Debug)]
pub struct Places {
    all: Arc<Semaphore>,
    followers: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Places {
    fn default() -> Self {
        let places = |count| Arc::new(Semaphore::new(count));
        let all = places(MAX_CONVERSATIONS as usize);
        Self { all, followers: places(MAX_PATIENT), waiting: places(MAX_PATIENT) }
    }
}

impl Places {
    /// Waits until every connection has its answer, for at most `limit`.
    pub async fn all_free(&self, limit: Duration) {
        // Whether in time or not, the supervisor exits.
        let _ = timeout(limit, self.all.acquire_many(MAX_CONVERSATIONS)).await;
    }

    /// A place for a request, or why there is none.
    fn admit(&self, request: &Request) -> Result<[Option<OwnedSemaphorePermit>; 2], String> {
        let take = |places: &Arc<Semaphore>, whom: &str| {
            let full = || format!("too many {whom}; end some and try again");
            Arc::clone(places).try_acquire_owned().map(Some).map_err(|_| full())
        };
        let kind = match request {
            request if request.follows() => take(&self.followers, "followers (`tail -f`, `events -f`)")?,
            request if request.waits() => take(&self.waiting, "commands that wait for programs")?,
            _ => None,
        };
        Ok([take(&self.all, "commands")?, kind])
    }
}

/// The socket of a supervisor.
#[derive(Debug)]
pub struct Socket {
    /// Where it is.
    pub path: PathBuf,
    /// The group that may use it, besides its owner.
    pub group: Option<u32>,
    /// Keeps other supervisors away from it.
    pub lock: Lock,
    /// Looks at once whether its file is still there.
    pub look: Rc<Notify>,
}

impl Socket {
    /// A new listener, if its file has been removed.
    fn made_anew(&mut self) -> Option<UnixListener> {
        self.lock.renew();
        if self.path.exists() {
            return None;
        }
        UnixListener::from_std(bind(&self.path, self.group).ok()?).ok()
    }

    /// Root, the owner and members of the group may ask.
    fn admits(&self, peer: &UCred) -> bool {
        let (uid, group) = (peer.uid(), self.group);
        if uid == 0 || uid == Uid::effective().as_raw() || group.is_some_and(|group| group == peer.gid()) {
            return true;
        }
        let Some(group) = group else { return false };
        let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
        let name = user.and_then(|user| std::ffi::CString::new(user.name).ok());
        let groups = name.and_then(|name| getgrouplist(&name, Gid::from_raw(peer.gid())).ok());
        groups.is_some_and(|groups| groups.contains(&Gid::from_raw(group)))
    }
}

/// Accepts connections forever. A socket file that was removed is made anew.
pub async fn serve(
    mut listener: UnixListener,
    mut socket: Socket,
    calls: mpsc::Sender<Call>,
    places: Places,
) {
    let mut silent: VecDeque<(AbortHandle, Rc<Cell<bool>>)> = VecDeque::new();
    let mut look_at = Instant::now() + LOOK_FOR_FILE;
    let look = Rc::clone(&socket.look);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = async { tokio::select! { () = look.notified() => {}, () = sleep_until(look_at) => {} } } => {
                look_at = Instant::now() + LOOK_FOR_FILE;
                if let Some(bound) = socket.made_anew() {
                    listener = bound;
                }
                continue;
            }
        };
        let Ok((stream, _)) = accepted else {
            // Probably out of file descriptors; retry once some are closed.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        if !stream.peer_cred().is_ok_and(|peer| socket.admits(&peer)) {
            continue;
        }
        silent.retain(|(task, asked)| !asked.get() && !task.is_finished());
        if silent.len() >= MAX_SILENT
            && let Some((oldest, _)) = silent.pop_front()
        {
            oldest.abort();
        }
        let asked = Rc::<Cell<bool>>::default();
        let (calls, places, has_asked) = (calls.clone(), places.clone(), Rc::clone(&asked));
        let task = spawn_local(async move {
            // An error means that the client is gone.
            let _ = converse(stream, calls, places, &has_asked).await;
        });
        silent.push_back((task.abort_handle(), asked));
    }
}

async fn converse(
    stream: UnixStream,
    calls: mpsc::Sender<Call>,
    places: Places,
    asked: &Cell<bool>,
) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader.take(MAX_REQUEST_BYTES));
    let mut line = Vec::new();
    let in_time = timeout(PATIENCE, reader.read_until(b'\n', &mut line)).await.ok().transpose()?;
    asked.set(true);
    let (reply, mut answers) = mpsc::channel(16);
    let refuse = |failure, message| Response::Error { failure, message };
    let mut patience = Some(PATIENCE);
    let parsed = match in_time {
        Some(_) => parse(&String::from_utf8_lossy(&line)),
        None => Err(format!("no request within {}", humantime::format_duration(PATIENCE))),
    };
    // Held until the answer is complete.
    let _place = match parsed {
        Ok(Envelope { request, timeout_ms, .. }) => match places.admit(&request) {
            // Whoever has left wants nothing done any more.
            Ok(_) if is_gone(&writer) => return Ok(()),
            Ok(place) => {
                patience = patience.filter(|_| !request.follows());
                let timeout = timeout_ms.map(Duration::from_millis);
                // Fails only if the supervisor is about to exit; the empty answer says so.
                let _ = calls.send(Call { request, reply, timeout }).await;
                Some(place)
            }
            Err(message) => {
                // A new channel has room.
                let _ = reply.try_send(refuse(Failure::Failed, message));
                drop(reply);
                None
            }
        },
        Err(message) => {
            let _ = reply.try_send(refuse(Failure::BadRequest, message));
            drop(reply);
            None
        }
    };
    let mut rest = [0; 64];
    let mut listens = true;
    loop {
        tokio::select! {
            answer = answers.recv() => {
                let Some(answer) = answer else { return Ok(()) };
                let mut line = serde_json::to_vec(&answer)?;
                line.push(b'\n');
                match patience {
                    Some(patience) => timeout(patience, writer.write_all(&line)).await??,
                    None => writer.write_all(&line).await?,
                }
            }
            // A client may close its half after the request, and still wants its answer.
            read = reader.read(&mut rest), if listens => listens = read? != 0,
            () = sleep(LOOK_AGAIN), if !listens => if is_gone(&writer) { return Ok(()) },
        }
        if !listens && is_gone(&writer) {
            return Ok(());
        }
    }
}

/// Whether the other end is closed in both directions.
fn is_gone(stream: &impl AsRef<UnixStream>) -> bool {
    let mut fds = [PollFd::new(stream.as_ref().as_fd(), PollFlags::empty())];
    // A failure says nothing about the client.
    let polled = poll(&mut fds, PollTimeout::ZERO).is_ok();
    let hung_up =
        |fd: &PollFd| fd.revents().is_some_and(|is| is.intersects(PollFlags::POLLHUP | PollFlags::POLLERR));
    polled && fds.iter().any(hung_up)
}
