import NIOCore

/// A WebSocket frame as bytes, right or wrong.
package struct RawFrame: Sendable, Equatable {
    package var isFinal = true
    /// RSV1…3 as the bits 0x40, 0x20, 0x10.
    package var reserved: UInt8 = 0
    package var opcode: UInt8
    package var payload: [UInt8]

    package init(opcode: UInt8, _ payload: [UInt8] = [], isFinal: Bool = true, reserved: UInt8 = 0) {
        self.opcode = opcode
        self.payload = payload
        self.isFinal = isFinal
        self.reserved = reserved
    }

    package static func text(_ text: String, isFinal: Bool = true) -> RawFrame {
        RawFrame(opcode: 1, Array(text.utf8), isFinal: isFinal)
    }

    package static func continuation(_ payload: [UInt8], isFinal: Bool = true) -> RawFrame {
        RawFrame(opcode: 0, payload, isFinal: isFinal)
    }

    package static func close(_ code: UInt16? = nil, _ reason: [UInt8] = []) -> RawFrame {
        RawFrame(opcode: 8, (code.map { [UInt8($0 >> 8), UInt8($0 & 0xFF)] } ?? []) + reason)
    }

    package var text: String { String(decoding: payload, as: UTF8.self) }

    /// The code of a close frame, if it carries one.
    package var closeCode: UInt16? {
        guard opcode == 8, payload.count >= 2 else { return nil }
        return UInt16(payload[0]) << 8 | UInt16(payload[1])
    }

    /// The frame as a client sends it.
    /// - Parameters:
    ///   - mask: the masking key; `nil` sends it unmasked, which no client may.
    ///   - announcing: another length than the payload's.
    package func bytes(mask: [UInt8]? = [0x37, 0xFA, 0x21, 0x3D], announcing length: Int? = nil) -> [UInt8] {
        let count = length ?? payload.count
        let maskBit: UInt8 = mask == nil ? 0 : 0x80
        var bytes = [(isFinal ? 0x80 : 0) | reserved | opcode]
        switch count {
        case ...125: bytes.append(maskBit | UInt8(count))
        case ...0xFFFF: bytes += [maskBit | 126, UInt8(count >> 8), UInt8(count & 0xFF)]
        default:
            bytes.append(maskBit | 127)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: count >> shift))
            }
        }
        guard let mask else { return bytes + payload }
        bytes += mask
        bytes += payload.enumerated().map { $1 ^ mask[$0 & 3] }
        return bytes
    }

    /// Reads an unmasked frame; `nil` while it is incomplete.
    package init?(reading buffer: inout ByteBuffer) {
        var rest = buffer
        guard let first: UInt8 = rest.readInteger(), let second: UInt8 = rest.readInteger() else { return nil }
        var count = Int(second)
        if second == 126 {
            guard let long: UInt16 = rest.readInteger() else { return nil }
            count = Int(long)
        } else if second == 127 {
            guard let long: UInt64 = rest.readInteger() else { return nil }
            count = Int(long)
        }
        guard let payload = rest.readBytes(length: count) else { return nil }
        buffer = rest
        self.init(opcode: first & 0x0F, payload, isFinal: first & 0x80 != 0, reserved: first & 0x70)
    }
}
