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

// A Metric is one value of a result.
type Metric struct {
	// Dimension distinguishes metrics of the same name (a disk, a mount point); empty: none, null
	// on the wire.
	Dimension string
	// Name is the metric's name, for example "usage_average".
	Name string
	// Type is the type of Value.
	Type MetricType
	// Value has the form that it has on the wire; numbers are decimal.
	Value string
	// Unit is the unit in full ("bytes", "percent"); empty: none.
	Unit string
}
