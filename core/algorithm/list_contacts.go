package algorithm

import "carillon/core/command"

func contacts() command.Catalog { return nil }
