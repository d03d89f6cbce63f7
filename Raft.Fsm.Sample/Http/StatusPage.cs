using System.Net;
using System.Text.Json;

namespace Raft.Fsm.Sample.Http;

/// <summary>The page at <c>/</c>: the status as a table, drawn anew every two seconds.</summary>
internal static class StatusPage
{
    /// <summary>Draws the page.</summary>
    /// <param name="id">The node.</param>
    /// <param name="statusJson">Its status, as <c>/raft/status</c> answers it.</param>
    public static string Of(string id, string statusJson)
    {
        using JsonDocument status = JsonDocument.Parse(statusJson);
        string rows = string.Concat(status.RootElement.EnumerateObject().Select(member =>
            $"<tr><th>{WebUtility.HtmlEncode(member.Name)}</th><td>{WebUtility.HtmlEncode(member.Value.ToString())}</td></tr>\n"));
        return $"""
            <!DOCTYPE html>
            <html lang="en">
            <head><meta charset="utf-8"><meta http-equiv="refresh" content="2"><title>raftkv {WebUtility.HtmlEncode(id)}</title>
            <style>body{"{"}font-family:sans-serif{"}"} th{"{"}text-align:left;padding-right:1em;vertical-align:top{"}"}</style></head>
            <body><h1>raftkv {WebUtility.HtmlEncode(id)}</h1>
            <table>
            {rows}</table>
            <p><a href="/raft/status">status</a> <a href="/raft/entries">entries</a> <a href="/raft/dump">dump</a>
            <a href="/metrics">metrics</a></p></body>
            </html>

            """;
    }
}
