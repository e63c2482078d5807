from training.outline.fit import main

raise SystemExit(main())
