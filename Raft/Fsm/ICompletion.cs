namespace Raft.Fsm;

/// <summary>A future whose outcome is set and whose caller is to be told.</summary>
internal interface ICompletion
{
    /// <summary>Tells the caller; its continuation may run inside.</summary>
    void Complete();
}
