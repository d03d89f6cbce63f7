using System.Text;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Contracts.Example;

[Reference("a45", Test = nameof(A_new_state_machine_has_no_entry))]
// docs begin
[TestFixture]
public sealed class WordsFsmTests : DurableFsmContract
{
    private FaultDisk _disk = new();

    protected override byte[] Command(int number) => Encoding.UTF8.GetBytes($"word {number % 5}");

    protected override async ValueTask<IDurableFsm> CreateAsync() => await WordsFsm.OpenAsync(_disk = new FaultDisk(), "/words");

    protected override async ValueTask<IDurableFsm?> CreateFailingAsync(int change)
    {
        IDurableFsm fsm = await CreateAsync();
        _disk.FailFrom = _disk.Changes + change;
        _disk.TornBytes = change;
        return fsm;
    }

    // Whatever was not synced is gone.
    protected override async ValueTask<IDurableFsm> ReopenAsync(IDurableFsm fsm)
    {
        _disk = _disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false);
        return await WordsFsm.OpenAsync(_disk, "/words");
    }
}
// docs end
