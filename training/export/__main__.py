from training.export.convert import main

raise SystemExit(main())
