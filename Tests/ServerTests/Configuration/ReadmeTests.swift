import Foundation
import Testing

@testable import Server

@Suite("The README")
struct ReadmeTests {
    @Test("its table of variables is the one the code knows")
    func variables() throws {
        let root = URL(filePath: #filePath).appending(path: "../../../..").standardized
        let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
        #expect(
            readme.contains("\n\(VariableTable.markdown)\n<!-- /variables -->"),
            "write this table into README.md:\n\(VariableTable.markdown)")
    }
}
