namespace Raft.Fsm.Sample.Node;

/// <summary>The PEM files of mutual TLS between nodes.</summary>
/// <param name="Certificate">The node's certificate, and behind it what leads to the authority.</param>
/// <param name="Key">Its private key.</param>
/// <param name="Authority">The authorities.</param>
internal sealed record TlsFiles(string Certificate, string Key, string Authority);
