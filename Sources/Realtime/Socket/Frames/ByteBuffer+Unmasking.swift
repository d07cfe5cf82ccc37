import NIOCore

extension ByteBuffer {
    /// Moves `count` bytes from `input` to the end of this buffer and takes the mask off them.
    /// - Parameters:
    ///   - mask: the masking key, first octet lowest.
    ///   - offset: how many bytes of the frame's payload came before.
    mutating func appendUnmasked(_ count: Int, from input: inout ByteBuffer, mask: UInt32, offset: Int) {
        let shift = UInt32(truncatingIfNeeded: offset & 3) &* 8
        let key32 = shift == 0 ? mask : (mask >> shift) | (mask << (32 &- shift))
        let key = UInt64(key32) | UInt64(key32) << 32
        writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
            input.readWithUnsafeReadableBytes { source in
                var index = 0
                while index &+ 8 <= count {
                    let word = UInt64(littleEndian: source.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                    target.storeBytes(of: (word ^ key).littleEndian, toByteOffset: index, as: UInt64.self)
                    index &+= 8
                }
                while index < count {
                    let part = UInt8(truncatingIfNeeded: key >> (UInt64(index & 7) &* 8))
                    target[index] = source[index] ^ part
                    index &+= 1
                }
                return count
            }
        }
    }
}
