package history

func dayOf(hour int64) int64 { return hour * hourMS / dayMS }

// day adds what is gathered in some hours of one day, and computes the roll-ups of these hours and of the day again.
func (c *closing) day(day int64, hours []int64) error {
	floors := &c.tx.state
	inHours, err := c.hoursOf(day)
	if err != nil {
		return err
	}
	var added rollup // where the hours of the day are deleted
	for _, hour := range hours {
		sum, whole, err := c.hour(hour)
		if err != nil {
			return err
		}
		at := int(hour - day*hourBuckets)
		switch {
		case day < floors.hourFloor:
			added.join(sum, 1)
		case whole:
			inHours.set(at, sum, hourBuckets)
		default:
			inHours.joinAt(at, sum, hourBuckets)
		}
	}
	month, at := day/dayBuckets, int(day%dayBuckets)
	inDays, err := c.daysOf(month)
	if err != nil {
		return err
	}
	if day < floors.hourFloor {
		inDays.joinAt(at, added, dayBuckets)
	} else {
		if err := c.put("hours", key(day, c.agent), inHours); err != nil {
			return err
		}
		inDays.set(at, inHours.sum(), dayBuckets)
	}
	return c.put("days", key(month, c.agent), inDays)
}

// hoursOf returns the roll-ups of the hours of a day. Damaged ones are computed again if there are columns.
func (c *closing) hoursOf(day int64) (rollup, error) {
	list, damaged, err := c.tx.rollup("hours", key(day, c.agent), hourBuckets)
	if !damaged || day < c.tx.state.columnFloor || err != nil {
		return list, err
	}
	for at := range int64(hourBuckets) {
		hour := day*hourBuckets + at
		found, _, _, _, err := chunks(c.ctx, c.tx, c.h.codec, hour, c.agent)
		if err != nil {
			return nil, err
		}
		for _, checks := range found {
			var one rollup
			one.add(checks, hour*hourMS, hourMS, 1)
			list.joinAt(int(at), one, hourBuckets)
		}
	}
	return list, nil
}

// daysOf returns the roll-ups of the days of a month. Damaged ones are computed again where there are hours.
func (c *closing) daysOf(month int64) (rollup, error) {
	list, damaged, err := c.tx.rollup("days", key(month, c.agent), dayBuckets)
	if !damaged || err != nil {
		return list, err
	}
	for at := range int64(dayBuckets) {
		hours, _, err := c.tx.rollup("hours", key(month*dayBuckets+at, c.agent), hourBuckets)
		if err != nil {
			return nil, err
		}
		list.joinAt(int(at), hours.sum(), dayBuckets)
	}
	return list, nil
}

// hour adds what is gathered in an hour. It returns its roll-up: of the whole hour, or if that cannot be computed
// any more, of what was added.
func (c *closing) hour(hour int64) (sum rollup, whole bool, err error) {
	agent, floors := c.agent, &c.tx.state
	added := c.gatherer.take(hour)
	list := [][]check{added}
	if day := dayOf(hour); day >= floors.columnFloor {
		if list, whole, err = c.columns(hour, added); err != nil {
			return nil, false, err
		}
	}
	var minutes rollup
	for _, checks := range list {
		minutes.add(checks, hour*hourMS, 5*minuteMS, minuteBuckets)
	}
	sum = minutes.sum()
	if dayOf(hour) < floors.minuteFloor {
		return sum, whole, nil
	}
	if !whole {
		before, _, err := c.tx.rollup("minutes", key(hour, agent), minuteBuckets)
		if err != nil {
			return nil, false, err
		}
		minutes.join(before, minuteBuckets)
	}
	return sum, whole, c.put("minutes", key(hour, agent), minutes)
}

// columns adds checks to the columns of an hour, and returns all that the hour has then. It is not whole, and only what
// was added, if some of the hour is damaged.
func (c *closing) columns(hour int64, added []check) (list [][]check, whole bool, err error) {
	list, keys, free, damaged, err := chunks(c.ctx, c.tx, c.h.codec, hour, c.agent)
	if err != nil {
		return nil, false, err
	}
	whole, last := !damaged, len(list)-1
	switch {
	case damaged:
		list = [][]check{added}
	case last >= 0 && sizeOf(list[last])+sizeOf(added) <= maxChunkSize: // the chunk that is written grows by the one before
		_, _, free = ofKey(keys[last])
		added = merge(list[last], added)
		list[last] = added
	default:
		list = append(list, added)
	}
	if free >= maxChunks {
		c.gatherer.lose()
		return list[:len(list)-1], whole, nil // the last is added
	}
	c.buffer = c.encode.chunk(c.buffer[:0], hour*hourMS, added)
	if err := c.tx.put("columns", key(hour, c.agent)+int64(free), c.buffer); err != nil {
		return nil, false, err
	}
	return list, whole, nil
}

// put writes a roll-up.
func (c *closing) put(table string, k int64, r rollup) error {
	if len(r) == 0 {
		return nil
	}
	c.buffer = c.encode.rollup(c.buffer[:0], r)
	return c.tx.put(table, k, c.buffer)
}

// joinAt adds the only bucket of each series of other to the one at a place.
func (r *rollup) joinAt(at int, other rollup, buckets int) {
	for i := range other {
		to := r.check(other[i].number)
		if other[i].period > 0 {
			to.period = other[i].period
		}
		for j := range other[i].series {
			to.of(other[i].series[j].number, buckets)[at].join(&other[i].series[j].buckets[0])
		}
	}
}
