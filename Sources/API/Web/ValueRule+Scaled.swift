import Protocol

extension ValueRule where Value == Int64 {
    /// A number in the range, kept as a whole count of its 10^-places: kilograms with 3 places become grams.
    ///
    /// More decimals than places are a fault, so that nothing is rounded silently.
    package static func scaled(_ range: ClosedRange<Double>, places: Int, step: Double? = nil) -> ValueRule {
        ValueRule<Double>.number(range, step: step).isScaled(places: places)
    }
}

extension ValueRule where Value == Double {
    fileprivate func isScaled(places: Int) -> ValueRule<Int64> {
        let check = read
        return ValueRule<Int64>(schema) { value, pointer, faults in
            guard check(value, pointer, &faults) != nil, case .number(let number) = value else { return nil }
            if let whole = number.scaled(places: places) { return whole }
            let detail = "At most \(places) decimals."
            faults.append(Problem.Fault(pointer: pointer, code: .badFormat, detail: detail))
            return nil
        }
    }
}
