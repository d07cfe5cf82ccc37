import Protocol
import Store

extension Sex: SQLBindable, ColumnDecodable {}
extension Experience: SQLBindable, ColumnDecodable {}
extension WeekStart: SQLBindable, ColumnDecodable {}
extension UnitPreference: SQLBindable, ColumnDecodable {}
extension Audience: SQLBindable, ColumnDecodable {}
extension Protocol.HeartRateAudience: SQLBindable, ColumnDecodable {}
