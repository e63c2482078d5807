from training.faithfulness.measure import main

raise SystemExit(main())
