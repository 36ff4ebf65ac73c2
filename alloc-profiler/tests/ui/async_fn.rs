struct Client;

impl Client {
    #[alloc_profiler::profile]
    async fn fetch(&self) -> u32 {
        7
    }
}

fn main() {
    let _ = Client.fetch();
}
