/// The variables rendered for readers: a Markdown table for the README and a list for a terminal.
package enum VariableTable {
    /// The README's table of all variables, header included.
    package static var markdown: String {
        let header = ["| variable | default | takes | what it does |", "|---|---|---|---|"]
        let rows = Variable.all.map { variable in
            "| `\(variable.name)` | \(variable.shownDefault) | \(variable.allowed) | \(variable.meaning) |"
        }
        return (header + rows).joined(separator: "\n")
    }

    /// The list in `fitai serve --help`, wrapped for 80 columns.
    package static var text: String {
        Variable.all.map { variable in
            let text = "\(variable.meaning) Takes \(variable.allowed). Default: \(variable.shownDefault)."
            return "  \(variable.name)\n" + wrapped(text, columns: 72).map { "      \($0)" }.joined(separator: "\n")
        }
        .joined(separator: "\n")
    }

    private static func wrapped(_ text: String, columns: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > columns {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        lines.append(line)
        return lines
    }
}
