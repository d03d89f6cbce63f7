namespace Raft.Storage;

/// <summary>Where the <see cref="LogWriter"/> reports. Called on the node's loop scheduler; each call posts an event.</summary>
internal interface IWriterEvents
{
    /// <summary>All log changes up to a sequence would survive a power cut.</summary>
    void LogDurable(ulong sequence);

    /// <summary>All term-and-vote records up to a sequence would.</summary>
    void RecordDurable(ulong sequence);

    /// <summary>A store refused a write. The writer writes nothing any more.</summary>
    void WriteFailed(Exception cause);
}
