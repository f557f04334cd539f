package collect

// A MetricType is the type of a metric's value on the wire (PROTOCOL.md).
type MetricType string

// The metric types of the protocol.
const (
	String MetricType = "string"
	Gauge  MetricType = "gauge"
	Int32  MetricType = "int32"
	Uint32 MetricType = "uint32"
	Int64  MetricType = "int64"
	Uint64 MetricType = "uint64"
	Double MetricType = "double"
	Bool   MetricType = "bool"
)

// A Metric is one figure of a result.
type Metric struct {
	// Dimension tells alike metrics apart (a disk, a mount point); empty means none (null on the wire).
	Dimension string
	// Name in the check's own terms, for example "usage_average".
	Name string
	// Type says how Value is to be read.
	Type MetricType
	// Value in the protocol's text form: decimal for numbers.
	Value string
	// Unit in the field's words ("bytes", "percent"); empty where there is none.
	Unit string
}
