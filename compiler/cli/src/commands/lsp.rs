//! `netc lsp`: the language server, over standard input and output.

use crate::cli::Lsp;
use crate::failure::{Failure, Outcome};
use lsp_server::Connection;
use netc_language_server::serve;

pub(crate) fn run(_: &Lsp) -> Outcome {
    let (connection, threads) = Connection::stdio();
    let served = serve(&connection);
    // The threads end when nobody can send any more.
    drop(connection);
    served.map_err(|why| Failure::tool(format!("the editor has gone: {why}")))?;
    threads.join().map_err(|e| {
        Failure::tool(format!(
            "cannot speak with the editor: {}",
            netc_train::reason(&e)
        ))
    })
}
