//! The Unix socket: made anew at each start, and open to those who may have the key.

use std::fs::{DirBuilder, Permissions, remove_file, rename, set_permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::sleep;
use tokio_stream::wrappers::ReceiverStream;
use tracing::warn;

use super::connection::Connection;

/// The longest path of a socket, in bytes: `sun_path` of unix(7) has a zero behind it, and before
/// that the sign of one that is not yet ready.
const LONGEST: usize = 106;

/// So many connections there may be at a time. Envoy needs one or two, and Citadel cannot be asked
/// for anything once they have taken all that the agent may open.
const SEATS: usize = 64;

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The system cannot name it.
    #[error("{0}: the path of a socket has {LONGEST} bytes at most")]
    TooLong(Utf8PathBuf),
    /// Something else is in its place.
    #[error("{0} is there and is no socket")]
    Occupied(Utf8PathBuf),
    /// The system refuses.
    #[error("{path}: {error}")]
    Io {
        /// The socket.
        path: Utf8PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// A socket that is listened on.
#[derive(Debug)]
pub(in crate::agent) struct Socket {
    listener: UnixListener,
    /// Who may connect.
    uids: Vec<u32>,
}

impl Socket {
    /// Listens at `path`, whose directory is made where there is none; `uids` may connect.
    ///
    /// # Errors
    /// The path is too long, something else is there, or the system refuses.
    pub(in crate::agent) fn bind(path: &Utf8Path, uids: Vec<u32>) -> Result<Self, SocketError> {
        if path.as_str().len() > LONGEST {
            return Err(SocketError::TooLong(path.to_owned()));
        }
        let at = |error| SocketError::Io { path: path.to_owned(), error };
        if let Some(dir) = path.parent().filter(|dir| !dir.as_str().is_empty()) {
            DirBuilder::new().recursive(true).mode(0o755).create(dir).map_err(at)?;
        }
        match path.symlink_metadata() {
            // That of an earlier run.
            Ok(found) if found.file_type().is_socket() => {}
            Ok(_) => return Err(SocketError::Occupied(path.to_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(at(error)),
        }
        // By its name it is found only once it listens, and is closed to others.
        let new = format!("{path}~");
        match remove_file(&new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(at(error)),
            _ => {}
        }
        let listener = UnixListener::bind(&new).map_err(at)?;
        set_permissions(&new, Permissions::from_mode(0o660)).map_err(at)?;
        rename(&new, path).map_err(at)?;
        Ok(Self { listener, uids })
    }

    /// The connections of those who may. While all seats are taken, whoever comes waits.
    pub(super) fn accept(self) -> ReceiverStream<io::Result<Connection>> {
        let (send, receive) = mpsc::channel(1);
        let seats = Arc::new(Semaphore::new(SEATS));
        tokio::spawn(async move {
            while !send.is_closed() {
                if seats.available_permits() == 0 {
                    warn!("all {SEATS} connections for secrets are taken");
                }
                let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return };
                match self.listener.accept().await {
                    Ok((stream, _)) if self.admits(&stream) => {
                        if send.send(Ok(Connection { stream, _seat: seat })).await.is_err() {
                            return;
                        }
                    }
                    Ok(_) => {}
                    Err(error) => {
                        warn!("a connection for secrets cannot be accepted: {error}");
                        // As when there are no more files to be opened: others will be closed.
                        sleep(Duration::from_millis(200)).await;
                    }
                }
            }
        });
        ReceiverStream::new(receive)
    }

    fn admits(&self, stream: &UnixStream) -> bool {
        match stream.peer_cred() {
            Ok(peer) if self.uids.contains(&peer.uid()) => true,
            Ok(peer) => {
                warn!(uid = peer.uid(), pid = peer.pid(), "may not have secrets");
                false
            }
            Err(error) => {
                warn!("who asks for secrets cannot be known: {error}");
                false
            }
        }
    }
}
