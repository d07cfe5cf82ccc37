import TestKit
import Testing

@testable import Protocol

@Suite("CSV writer")
struct CSVWriterTests {
    private func line(_ cells: CSVWriter.Cell...) -> String {
        var writer = CSVWriter()
        writer.append(cells)
        return String(decoding: writer.take(), as: UTF8.self)
    }

    @Test("quotes what has to be quoted and nothing else")
    func quoting() {
        #expect(
            line(.text("Squat"), .text("a,b"), .text("say \"go\""), .text("two\nlines"), .text(" edge "))
                == "Squat,\"a,b\",\"say \"\"go\"\"\",\"two\nlines\",\" edge \"\r\n")
        #expect(line(.empty, .integer(-3), .decimal(2.5), .decimal(100), .text("")) == ",-3,2.5,100,\r\n")
        #expect(line(.text("a;b")) == "a;b\r\n")
        var semicolons = CSVWriter(delimiter: UInt8(ascii: ";"))
        semicolons.append([.text("a;b"), .text("c,d")])
        #expect(String(decoding: semicolons.take(), as: UTF8.self) == "\"a;b\";c,d\r\n")
        #expect(semicolons.count == 0)
    }

    @Test(
        "a text that a spreadsheet would run stands behind an apostrophe", arguments: ["=", "+", "-", "@", "\t", "\r"])
    func formulas(sign: String) {
        let text = sign + "HYPERLINK(\"http://example.org\")"
        let cell = CSVRecords.fields(of: Array(line(.text(text)).utf8.dropLast(2)), delimiter: UInt8(ascii: ","))[0]
        #expect(cell == "'" + text)
        #expect(CSVWriter.rearmed(cell) == text)
    }

    @Test("what is written is read back as it was, whatever it holds")
    func roundTrip() {
        var random = SplitMix64(state: 20_260)
        let alphabet = Array("a,;\"'=+-@\t\r\n é日 0") as [Character]
        for _ in 0..<3000 {
            let texts = (0..<Int.random(in: 1...5, using: &random)).map { _ -> String in
                String(
                    (0..<Int.random(in: 0...8, using: &random)).map { _ in
                        alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
                    })
            }
            var writer = CSVWriter()
            writer.append(texts.map { CSVWriter.Cell.text($0) })
            var records = CSVRecords(recordBytes: 65536)
            records.delimiter = UInt8(ascii: ",")
            records.append(writer.take())
            guard case .record(let record)? = records.next(isLast: true) else {
                Issue.record("no record for \(texts)")
                continue
            }
            let fields = CSVRecords.fields(of: record.bytes, delimiter: UInt8(ascii: ","))
            #expect(fields.map(CSVWriter.rearmed) == texts)
        }
    }
}
