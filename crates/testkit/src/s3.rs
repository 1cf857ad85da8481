//! A real object store that speaks S3 and checks signatures, on a free port, with its objects in a throw-away directory.

use anyhow::{Context as _, Result, anyhow};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use socket2::{Domain, Socket, Type};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// Who may use it.
pub const ACCESS_KEY: &str = "natter";
/// What proves it.
pub const SECRET_KEY: &str = "a secret of the tests";
/// Its one bucket.
const BUCKET: &str = "chat";

/// An object store. Dropping it stops it and removes its directory.
#[derive(Debug)]
pub struct S3 {
    directory: TempDir,
    address: SocketAddr,
    /// While the store does not run, its port would become the source of somebody else's connection.
    _port: Socket,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl S3 {
    /// Starts one with an empty bucket.
    pub fn start() -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("natter-s3-").tempdir()?;
        std::fs::create_dir(directory.path().join(BUCKET))?;
        let port = reserve_port()?;
        let address = port.local_addr()?.as_socket().context("an address of IPv4")?;
        let mut s3 = Self { directory, address, _port: port, running: None };
        s3.restart()?;
        Ok(s3)
    }

    /// The value of `files.url` that leads to its bucket: `s3://…`
    pub fn url(&self) -> String {
        format!("s3://{BUCKET}/files?endpoint=http://{}&region=us-east-1", self.address)
    }

    /// Where the objects are under whose names the URL leads.
    pub fn directory(&self) -> PathBuf {
        self.directory.path().join(BUCKET).join("files")
    }

    /// Ends it with all its connections, in the middle of whatever it does.
    pub fn stop(&mut self) -> Result<()> {
        let Some(Running { stop, thread }) = self.running.take() else { return Ok(()) };
        // It may have ended by itself.
        let _ended = stop.send(());
        thread.join().map_err(|_| anyhow!("the object store panicked"))
    }

    /// Starts it again on the same port with the same objects, if it does not run.
    pub fn restart(&mut self) -> Result<()> {
        if self.running.is_some() {
            return Ok(());
        }
        let objects = FileSystem::new(self.directory.path()).map_err(|error| anyhow!("{error:?}"))?;
        let mut service = S3ServiceBuilder::new(objects);
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let service = service.build();
        let listener = std::net::TcpListener::bind(self.address).context("binding")?;
        listener.set_nonblocking(true)?;
        // Of its own: a test that waits must not keep the store waiting.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("s3".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, service) => {}
                    _ = stopped => {}
                }
            });
            // Does not wait for requests that are under way.
            runtime.shutdown_background();
        })?;
        self.running = Some(Running { stop, thread });
        Ok(())
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        if let Err(error) = self.stop()
            && !thread::panicking()
        {
            panic!("{error:#}");
        }
    }
}

/// A socket with a port of its own that takes no connections.
fn reserve_port() -> Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    Ok(socket)
}

async fn serve(listener: TcpListener, service: S3Service) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let service = service.clone();
        connections.spawn(async move {
            // A client may hang up whenever it likes.
            drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
        while connections.try_join_next().is_some() {}
    }
}
