package liquid

import "slices"

// tag vets a tag and the names its arguments read, and returns its arguments anew.
func (s *scan) tag(tag, args string) (string, error) {
	switch tag {
	case "if", "unless", "case":
		anew, err := s.expression(args, false)
		if err != nil {
			return "", err
		}
		return anew, s.push(block{tag: tag})
	case "elsif", "when":
		return s.expression(args, tag == "when")
	case "assign":
		return s.assign(args)
	case "for":
		return s.loop(args)
	case "else":
		return "", s.bare(tag, args)
	case "break", "continue":
		if !slices.ContainsFunc(s.blocks, func(b block) bool { return b.tag == "for" }) {
			return "", s.refuse(tag + " is only for a loop")
		}
		return "", s.bare(tag, args)
	case "endif", "endunless", "endcase", "endfor":
		return "", s.end(tag, args)
	}
	return "", s.refuse("there is no tag " + short(tag))
}

func (s *scan) expression(args string, list bool) (string, error) {
	words, err := s.words(args)
	if err != nil {
		return "", err
	}
	_, err = s.reads(words, list)
	return source(words), err
}

func (s *scan) bare(tag, args string) error {
	if args != "" {
		return s.refuse(tag + " takes nothing")
	}
	return nil
}

func (s *scan) push(b block) error {
	if len(s.blocks) == maxDepth {
		return s.refuse("the blocks are too deep")
	}
	s.blocks = append(s.blocks, b)
	return nil
}

func (s *scan) end(tag, args string) error {
	if len(s.blocks) == 0 || "end"+s.blocks[len(s.blocks)-1].tag != tag {
		return s.refuse(tag + " ends no open block")
	}
	b := s.blocks[len(s.blocks)-1]
	s.blocks = s.blocks[:len(s.blocks)-1]
	if b.tag == "for" {
		s.local[b.variable]--
		s.local[loopName]--
	}
	return s.bare(tag, args)
}

// assign: name = expression. From here on the name is the form's own.
func (s *scan) assign(args string) (string, error) {
	words, err := s.words(args)
	if err != nil {
		return "", err
	}
	if len(words) < 3 || words[0].kind != ident || words[1].text != "=" || isReserved(words[0].text) {
		return "", s.refuse("assign is written as name = value")
	}
	if _, err := s.reads(words[2:], false); err != nil {
		return "", err
	}
	s.local[words[0].text]++
	return source(words), nil
}

// loop: name in list, then modifiers: reversed, limit: n, offset: n.
func (s *scan) loop(args string) (string, error) {
	words, err := s.words(args)
	if err != nil {
		return "", err
	}
	if len(words) < 3 || words[0].kind != ident || words[1].text != "in" || isReserved(words[0].text) {
		return "", s.refuse("for is written as name in list")
	}
	list, modifiers := words[2:], []word(nil)
	for i := 1; i < len(list); i++ {
		if isModifier(list[i-1], list[i]) {
			list, modifiers = list[:i], list[i:]
			break
		}
	}
	first, err := s.reads(list, false)
	if err != nil {
		return "", err
	}
	if err := s.modifiers(modifiers); err != nil {
		return "", err
	}
	s.local[words[0].text]++
	s.local[loopName]++
	args = words[0].text + " in " + s.through(eachFilter, source(list), first) + " " + source(modifiers)
	return args, s.push(block{tag: "for", variable: words[0].text})
}

func isModifier(before, w word) bool {
	return w.kind == keyword && before.text != "|" || w.kind == ident && (before.kind != operator || before.text == ")" || before.text == "]")
}

func (s *scan) modifiers(words []word) error {
	for len(words) > 0 {
		w := words[0]
		words = words[1:]
		switch {
		case w.kind == ident && w.text == "reversed":
			continue
		case w.kind != keyword || w.text != "limit" && w.text != "offset":
			return s.refuse("a loop takes reversed, limit: and offset:")
		}
		n := 0
		for n < len(words) && (n == 0 || !isModifier(words[n-1], words[n])) {
			n++
		}
		if _, err := s.reads(words[:n], false); err != nil {
			return err
		}
		words = words[n:]
	}
	return nil
}
