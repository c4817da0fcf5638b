//! The TCP connection to RabbitMQ, which can be cut from outside.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lapin::tcp::{AMQPUriTcpExt, OwnedTLSConfig};
use lapin::uri::AMQPUri;
use lapin::{AsyncTcpStream, Connection, ConnectionProperties};

/// Cuts the connection when it is dropped.
// lapin keeps its socket in a thread of its own, and lets go of it only when RabbitMQ answers. One that hangs never
// does, so the broker holds a second handle to every socket and shuts it down itself.
#[derive(Debug, Default)]
pub(super) struct SocketGuard {
    held: Arc<Mutex<GuardedSocket>>,
}

#[derive(Debug, Default)]
enum GuardedSocket {
    #[default]
    Nothing,
    Socket(TcpStream),
    /// Cut before there was anything to cut.
    Cut,
}

impl Drop for SocketGuard {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let GuardedSocket::Socket(socket) = std::mem::replace(&mut *held, GuardedSocket::Cut) {
            // It may be closed already, which is what is wanted.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

/// Connects and greets RabbitMQ.
// Dropping the future or the guard cuts the connection.
pub(super) async fn connect(uri: AMQPUri, limit: Duration) -> lapin::Result<(Connection, SocketGuard)> {
    let guard = SocketGuard::default();
    let held = Arc::clone(&guard.held);
    let runtime = lapin::runtime::default_runtime()?;
    let own = runtime.clone();
    let connect = async move |uri: AMQPUri, _| {
        let config = OwnedTLSConfig::default();
        let connecting = AMQPUriTcpExt::connect_with_config_async(&uri, config.as_ref(), &own);
        let stream = tokio::time::timeout(limit, connecting).await.map_err(io::Error::from)??;
        // Always plain: lapin is built without TLS.
        if let AsyncTcpStream::Plain(plain) = &stream {
            hold(&held, plain.get_ref())?;
        }
        Ok(stream)
    };
    let properties = ConnectionProperties::default().with_connection_name("broker".into());
    let connection = Connection::connector(uri, runtime, connect, properties).await?;
    Ok((connection, guard))
}

fn hold(held: &Mutex<GuardedSocket>, stream: &impl AsFd) -> io::Result<()> {
    let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
    // The guard was dropped while the connection was being made.
    if matches!(*held, GuardedSocket::Cut) {
        return Err(io::Error::from(io::ErrorKind::ConnectionAborted));
    }
    // A second descriptor of the socket is enough: `shutdown` ends the connection itself, unlike a close.
    *held = GuardedSocket::Socket(TcpStream::from(stream.as_fd().try_clone_to_owned()?));
    Ok(())
}
