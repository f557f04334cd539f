// Package numbertest has the table that agent and endpoint are both tested with: what is a value of
// a metric, and what form it has afterwards.
package numbertest

// A Case is a text and what it is as the value of a metric of a type.
type Case struct {
	Type, Text string
	// Normal is the form in which the value is sent and shown; empty if the text is refused.
	Normal string
}

// Cases returns the table.
func Cases() []Case {
	cases := []Case{
		{"int32", "2147483647", "2147483647"},
		{"int32", "2147483648", ""},
		{"int32", "-2147483648", "-2147483648"},
		{"int32", "0x7fffffff", "2147483647"},
		{"int32", "0xffffffff", ""},
		{"uint32", "4294967295", "4294967295"},
		{"uint32", "4294967296", ""},
		{"uint32", "-1", ""},
		{"int64", "9223372036854775807", "9223372036854775807"},
		{"int64", "9223372036854775808", ""},
		{"uint64", "18446744073709551615", "18446744073709551615"},
		{"uint64", "18446744073709551616", ""},
		{"uint64", "0x1FFFFFFFFFFFFFFFF", ""},
		{"bool", "true", "true"}, {"bool", "0", "false"}, {"bool", "T", "true"}, {"bool", "FALSE", "false"},
		{"bool", "maybe", ""}, {"bool", "yes", ""}, {"bool", "", ""}, {"bool", "0x1", ""},
		{"counter", "1", ""}, {"float", "1", ""}, {"Double", "1", ""}, {"", "1", ""},
	}
	for _, typ := range []string{"gauge", "double"} {
		for text, normal := range map[string]string{
			"1.5": "1.5", "+1.5": "1.5", "-1.50": "-1.50", ".5": "0.5", "-.5": "-0.5", "5.": "5", "007.25": "7.25",
			"-0": "0", "-0.0": "0.0", "0.000": "0.000", "1e3": "1e3", "1E+03": "1e3", "-1.5e-07": "-1.5e-7", "1e-0": "1e-0",
			"1e308": "1e308", "1e309": "", "-1e999": "", "1e-400": "1e-400", "0e999": "0e999",
			"123456789012345678901234567890.5": "123456789012345678901234567890.5",
			"0x1.8p1":                          "", "0x1p-3": "", "0x1.8": "", "1e": "", "1e+": "", "1.2.3": "", "1e5.5": "", ".": "", "-.": "", "e5": "",
			"NaN": "", "nan": "", "-nan": "", "inf": "", "+Inf": "", "-Infinity": "", "1.#QNAN": "", "1.#INF": "",
			"1d": "", "1f": "", "1.5%": "", "1,5": "", "1'000": "", "1_0.5": "", "1.5 ": "",
		} {
			cases = append(cases, Case{typ, text, normal})
		}
	}
	// Of every type of number.
	for _, typ := range []string{"int32", "uint32", "int64", "uint64", "gauge", "double"} {
		for text, normal := range map[string]string{
			"0": "0", "12": "12", "+12": "12", "0012": "12", "000": "0", "-0": "0",
			"0x0": "0", "0x1f": "31", "0X1F": "31", "0x001f": "31",
			"": "", "-": "", "+": "", "+-1": "", "--1": "", " 1": "", "1 ": "", "1\n": "", "1\x00": "", "\ufeff1": "",
			"1_2": "", "1_000": "", "1,000": "", "1 000": "", "1\u00a0000": "", "0x": "", "0x1_0": "", "0xg": "", "-0x1": "", "+0x1": "", "0b1": "", "0o7": "",
			"0x1p-3": "", "x1": "", "1x": "", "\u0661": "", "\uff11": "", "\u22121": "", "true": "", "one": "", "NaN": "",
		} {
			cases = append(cases, Case{typ, text, normal})
		}
	}
	for _, typ := range []string{"int32", "uint32", "int64", "uint64"} {
		for _, text := range []string{"1.5", "1.0", "1.", "1e3", ".0"} {
			cases = append(cases, Case{typ, text, ""})
		}
	}
	return cases
}
