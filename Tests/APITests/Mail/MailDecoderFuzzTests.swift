import NIOCore
import TestKit
import Testing

@testable import API

@Suite("Fuzz of mail servers' replies", .serialized)
struct MailDecoderFuzzTests {
    @Test("a mail server's bytes are replies with codes in order or a fault, however they are cut")
    func replies() async throws {
        let texts = [
            "220 mail.example ESMTP\r\n", "250-mail.example\r\n250-SIZE 35882577\r\n250 STARTTLS\r\n",
            "550 5.1.1 No such user\r\n354 go on\n",
        ]
        try await DecoderFuzz("mail replies", texts: texts, mostBytes: 200).run { input, random in
            var reader = SMTPReplyReader()
            let cut = random.below(input.count + 1)
            do throws(SMTPFailure) {
                for part in [input[..<cut], input[cut...]] {
                    var bytes = ByteBuffer(bytes: part)
                    reader.append(&bytes)
                    while let reply = try reader.next() {
                        #expect((200...599).contains(reply.code) && !reply.lines.isEmpty)
                    }
                }
            } catch {
                // A fault ends the dialogue.
            }
        }
    }
}
