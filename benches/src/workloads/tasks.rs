//! `tokio`: tasks that talk over channels.

use std::collections::HashMap;

use tokio::runtime::Builder;
use tokio::sync::{mpsc, oneshot};

use super::{Context, Measurement, Workload};

/// A key-value service: clients, one task each, send requests over a channel to
/// a task that owns the map and answers over a channel a request. Tasks, channel
/// segments and strings that another thread frees.
pub(super) const TOKIO: Workload =
    Workload::new("tokio", "client tasks and a service over channels", tokio_tasks).with_threads();

/// What a client asks, and where it wants the answer.
struct Request {
    key: String,
    value: String,
    answer: oneshot::Sender<Option<String>>,
}

/// Clients that live at the same time.
const CLIENTS: usize = 200;
/// Requests of one client.
const REQUESTS: usize = 25;

fn tokio_tasks(context: &Context) -> Measurement {
    let rounds = context.scaled(120);
    let threads = context.threads;
    Measurement::of(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .build()
            .expect("the system has threads");
        runtime.block_on(async {
            let mut sum = 0;
            for round in 0..rounds {
                sum += serve(round).await;
            }
            sum
        })
    })
}

/// One generation of clients and their service; returns the bytes of all answers.
async fn serve(round: usize) -> u64 {
    let (sender, receiver) = mpsc::channel(64);
    let service = tokio::spawn(own_the_map(receiver));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| tokio::spawn(ask(round * CLIENTS + client, sender.clone())))
        .collect();
    drop(sender);
    let mut bytes = 0;
    for client in clients {
        bytes += client.await.expect("no panic");
    }
    bytes + service.await.expect("no panic")
}

/// Answers each request with the value that its key had before, until all
/// clients are gone; returns the number of keys.
async fn own_the_map(mut requests: mpsc::Receiver<Request>) -> u64 {
    let mut map = HashMap::new();
    while let Some(Request { key, value, answer }) = requests.recv().await {
        // A client waits for its answer, so it is there.
        let _ = answer.send(map.insert(key, value));
    }
    map.len() as u64
}

/// A client sets its own keys, each twice, and returns the bytes of the answers.
async fn ask(client: usize, service: mpsc::Sender<Request>) -> u64 {
    let mut bytes = 0;
    for number in 0..REQUESTS {
        let (answer, response) = oneshot::channel();
        let key = format!("client/{client}/key/{}", number / 2);
        let value = format!("{client}: {}", "x".repeat(number * 11 % 200));
        if service.send(Request { key, value, answer }).await.is_err() {
            return bytes;
        }
        if let Ok(Some(previous)) = response.await {
            bytes += previous.len() as u64;
        }
    }
    bytes
}
