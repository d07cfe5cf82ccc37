// Arithmetic with numbers that came from outside: it ends at the bounds of the type and never traps.

extension FixedWidthInteger {
    /// The sum, or the nearest number that the type holds.
    public func clampingAdd(_ other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the nearest number that the type holds.
    public func clampingSubtract(_ other: Self) -> Self {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }

    /// The product, or the nearest number that the type holds.
    public func clampingMultiply(_ other: Self) -> Self {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
    }

    /// The nearest whole number that the type holds; 0 for what is no number.
    public init(clamping number: Double) {
        if let whole = Self(exactly: number.rounded()) {
            self = whole
        } else {
            self = number.isNaN ? 0 : number < 0 ? .min : .max
        }
    }
}

extension Comparable {
    /// The value, or the nearest within the range.
    public func clamped(to range: ClosedRange<Self>) -> Self { min(max(self, range.lowerBound), range.upperBound) }
}

extension String {
    /// The first so many Unicode scalars: a single character may be of any length.
    public func cut(to scalars: Int) -> String { String(unicodeScalars.prefix(scalars)) }
}
