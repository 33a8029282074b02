// The client of `netc lsp`.
const { workspace, window } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function activate() {
  const command = workspace.getConfiguration("netc").get("path") || "netc";
  const server = { command, args: ["lsp"] };
  const options = { documentSelector: [{ language: "netc" }] };
  client = new LanguageClient("netc", "netc", server, options);
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    window.showWarningMessage(
      `netc cannot be started as \`${command}\`: ${error.message}. The setting netc.path names the program.`,
    );
  }
}

function deactivate() {
  return client?.stop();
}

module.exports = { activate, deactivate };
