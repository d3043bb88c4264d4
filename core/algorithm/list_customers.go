package algorithm

import "carillon/core/command"

func customers() command.Catalog { return nil }
