import Glibc

/// What Linux says of this process, under the names that Prometheus's own clients use.
enum ProcessMetrics {
    /// Rendered samples; a figure that cannot be read is left out.
    static func rendered() -> String {
        var text = PrometheusText()
        let tick = Double(sysconf(Int32(_SC_CLK_TCK)))
        if let fields = statFields(), fields.count > 21 {
            let cpu = (fields[11] + fields[12]) / tick
            text.type("process_cpu_seconds_total", "counter")
            text.sample("process_cpu_seconds_total", "", cpu)
            text.type("process_resident_memory_bytes", "gauge")
            text.sample("process_resident_memory_bytes", "", fields[21] * Double(sysconf(Int32(_SC_PAGESIZE))))
            text.type("process_threads", "gauge")
            text.sample("process_threads", "", fields[17])
        }
        if let descriptors = openDescriptors() {
            text.type("process_open_fds", "gauge")
            text.sample("process_open_fds", "", Double(descriptors))
        }
        return text.text
    }

    /// The numbers of `/proc/self/stat` after the command's name; the state counts as 0.
    private static func statFields() -> [Double]? {
        guard let file = fopen("/proc/self/stat", "r") else { return nil }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 1024)
        guard fgets(&buffer, Int32(buffer.count), file) != nil else { return nil }
        let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let nameEnd = text.lastIndex(of: ")") else { return nil }
        return text[text.index(after: nameEnd)...].split(separator: " ").map { Double($0) ?? 0 }
    }

    private static func openDescriptors() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = -3  // ".", ".." and this directory's own descriptor
        while readdir(directory) != nil { count += 1 }
        return count
    }
}
